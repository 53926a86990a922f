//! An application that does on the wire exactly what the test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// One request on a connection.
pub(crate) struct Exchange {
    pub(crate) head: Vec<String>,
    pub(crate) stream: BufReader<TcpStream>,
    /// Which request of its connection it is, from one.
    pub(crate) turn: usize,
}

impl Exchange {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.iter().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(crate) fn write(&mut self, bytes: impl AsRef<[u8]>) {
        // A gateway that has gone away is what some tests are about.
        let _ = self.stream.get_mut().write_all(bytes.as_ref());
    }

    pub(crate) fn answer(&mut self, body: &str) {
        self.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
    }

    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        let _ = self.stream.read_line(&mut line);
        line.trim_end().to_owned()
    }

    /// The whole body, told or in chunks, and the trailers behind it.
    pub(crate) fn body(&mut self) -> (Vec<u8>, Vec<String>) {
        let mut body = Vec::new();
        if let Some(length) = self.field("content-length").map(|length| length.parse().unwrap()) {
            body.resize(length, 0);
            self.stream.read_exact(&mut body).unwrap();
            return (body, Vec::new());
        }
        if self.field("transfer-encoding").is_none() {
            return (body, Vec::new());
        }
        loop {
            let size = usize::from_str_radix(&self.line(), 16).unwrap();
            if size == 0 {
                let trailers = std::iter::from_fn(|| Some(self.line()).filter(|line| !line.is_empty()));
                return (body, trailers.collect());
            }
            let start = body.len();
            body.resize(start + size, 0);
            self.stream.read_exact(&mut body[start..]).unwrap();
            self.line();
        }
    }
}

pub(crate) struct Application {
    pub(crate) address: SocketAddr,
    stopped: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
    accepting: Option<std::thread::JoinHandle<()>>,
}

impl Application {
    /// `handle` says whether the connection goes on.
    pub(crate) fn start(handle: impl Fn(&mut Exchange) -> bool + Send + Sync + 'static) -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), handle)
    }

    pub(crate) fn start_at(
        address: SocketAddr,
        handle: impl Fn(&mut Exchange) -> bool + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let (stopped, open) = <(Arc<AtomicBool>, Arc<Mutex<Vec<_>>>)>::default();
        let (stopped_here, open_here, handle) = (stopped.clone(), open.clone(), Arc::new(handle));
        let accepting = std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                if stopped_here.load(Ordering::SeqCst) {
                    return;
                }
                open_here.lock().unwrap().push(stream.try_clone().unwrap());
                let handle = handle.clone();
                std::thread::spawn(move || serve(stream, &*handle));
            }
        });
        Self { address, stopped, open, accepting: Some(accepting) }
    }

    /// As a crash: nothing is accepted any more, and what stands breaks off.
    pub(crate) fn kill(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            accepting.join().unwrap();
        }
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        self.kill();
    }
}

fn serve(stream: TcpStream, handle: &dyn Fn(&mut Exchange) -> bool) {
    let mut exchange = Exchange { head: Vec::new(), stream: BufReader::new(stream), turn: 0 };
    loop {
        exchange.head.clear();
        loop {
            let line = exchange.line();
            if line.is_empty() {
                break;
            }
            exchange.head.push(line);
        }
        exchange.turn += 1;
        if exchange.head.is_empty() || !handle(&mut exchange) {
            let _ = exchange.stream.get_ref().shutdown(std::net::Shutdown::Both);
            return;
        }
    }
}
