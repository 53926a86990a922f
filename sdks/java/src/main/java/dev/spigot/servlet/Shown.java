package dev.spigot.servlet;

import dev.spigot.Request;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A request whose body was begun to be read; the application reads it whole, as a stream or as a form's parameters. */
final class Shown extends HttpServletRequestWrapper {
    /** The most that is shown of a body: as much as Envoy's configuration has. */
    private static final int SHOWN_BYTES_MAX = 64 << 10;
    /** The largest form that is taken apart: as large as Tomcat's own may be. */
    private static final int FORM_BYTES_MAX = 2 << 20;

    private final byte[] begun;
    private final boolean whole;
    private final InputStream rest;
    private ServletInputStream stream;
    private BufferedReader reader;
    private Map<String, String[]> parameters;

    private Shown(HttpServletRequest request, byte[] begun, InputStream rest) {
        super(request);
        this.begun = begun;
        this.whole = begun.length <= SHOWN_BYTES_MAX;
        this.rest = rest;
    }

    /** The parts of such a form are the container's to read. */
    static boolean isPossible(HttpServletRequest request) {
        String type = request.getContentType();
        return type == null || !type.toLowerCase(Locale.ROOT).startsWith("multipart/");
    }

    static Shown of(HttpServletRequest request) throws IOException {
        InputStream body = request.getInputStream();
        // One more than is shown tells whether there is more.
        return new Shown(request, body.readNBytes(SHOWN_BYTES_MAX + 1), body);
    }

    void tell(Request described) {
        if (whole) {
            described.body(begun);
        } else {
            described.bodyBegun(Arrays.copyOf(begun, SHOWN_BYTES_MAX));
        }
    }

    @Override
    public ServletInputStream getInputStream() {
        if (stream == null) {
            stream = new Again(new SequenceInputStream(new ByteArrayInputStream(begun), rest));
        }
        return stream;
    }

    @Override
    public BufferedReader getReader() {
        if (reader == null) {
            reader = new BufferedReader(new InputStreamReader(getInputStream(), charset(StandardCharsets.ISO_8859_1)));
        }
        return reader;
    }

    @Override
    public String getParameter(String name) {
        String[] values = getParameterMap().get(name);
        return values == null ? null : values[0];
    }

    @Override
    public String[] getParameterValues(String name) {
        return getParameterMap().get(name);
    }

    @Override
    public Enumeration<String> getParameterNames() {
        return Collections.enumeration(getParameterMap().keySet());
    }

    /** The query's, and behind them the form's. */
    @Override
    public Map<String, String[]> getParameterMap() {
        if (parameters == null) {
            Map<String, List<String>> found = new LinkedHashMap<>();
            super.getParameterMap().forEach((name, values) -> found.computeIfAbsent(name, any -> new ArrayList<>()).addAll(List.of(values)));
            if (isForm() && stream == null) {
                read(found);
            }
            Map<String, String[]> all = new LinkedHashMap<>();
            found.forEach((name, values) -> all.put(name, values.toArray(String[]::new)));
            parameters = Collections.unmodifiableMap(all);
        }
        return parameters;
    }

    private boolean isForm() {
        String type = getContentType();
        return getMethod().equals("POST") && type != null && type.toLowerCase(Locale.ROOT).startsWith("application/x-www-form-urlencoded");
    }

    private void read(Map<String, List<String>> found) {
        byte[] form;
        try {
            form = getInputStream().readNBytes(FORM_BYTES_MAX + 1);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
        if (form.length > FORM_BYTES_MAX) {
            throw new IllegalStateException("the form is larger than 2 MiB: read it as a stream, or do not show it");
        }
        Charset charset = charset(StandardCharsets.UTF_8);
        for (String pair : new String(form, StandardCharsets.ISO_8859_1).split("&")) {
            if (!pair.isEmpty()) {
                String[] parts = pair.split("=", 2);
                String value = parts.length == 2 ? URLDecoder.decode(parts[1], charset) : "";
                found.computeIfAbsent(URLDecoder.decode(parts[0], charset), any -> new ArrayList<>()).add(value);
            }
        }
    }

    private Charset charset(Charset otherwise) {
        String named = getCharacterEncoding();
        return named == null ? otherwise : Charset.forName(named);
    }

    /** A servlet's stream over any. */
    private static final class Again extends ServletInputStream {
        private final InputStream all;
        private boolean over;

        Again(InputStream all) {
            this.all = all;
        }

        @Override
        public int read() throws IOException {
            int read = all.read();
            over |= read < 0;
            return read;
        }

        @Override
        public int read(byte[] into, int at, int bytes) throws IOException {
            int read = all.read(into, at, bytes);
            over |= read < 0;
            return read;
        }

        @Override
        public boolean isFinished() {
            return over;
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void setReadListener(ReadListener listener) {
            throw new IllegalStateException("a body that is shown to Spigot is read blocking");
        }
    }
}
