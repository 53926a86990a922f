<?php

declare(strict_types=1);

namespace Spigot;

/**
 * One HTTP exchange with a deadline for the whole of it. PHP's own timeouts are for each read, and an answer that comes
 * letter by letter would never meet them; nor is curl everywhere. @internal
 */
final class Connection
{
    // A batch of 32 challenge pages is below it; whoever sends more is no Spigot.
    private const ANSWER_BYTES_MAX = 4 << 20;
    private const HEAD_BYTES_MAX = 64 << 10;

    /** @param resource $stream */
    private function __construct(private $stream, private readonly float $end, private string $read = '')
    {
    }

    /**
     * Status, headers and body of an answer. Redirections are not followed: the secret would go along.
     *
     * @param list<array{string, string}> $headers
     * @return array{int, list<array{string, string}>, string}
     */
    public static function exchange(Base $base, string $method, string $path, array $headers, string $body, float $end): array
    {
        $connection = self::open($base, $end);
        try {
            $head = "$method {$base->path}$path HTTP/1.1\r\n";
            foreach ([...$headers, ['Content-Length', (string) strlen($body)], ['Connection', 'close']] as [$name, $value]) {
                if (preg_match('/[\r\n\0]/', $name . $value)) {
                    throw new SpigotError(Kind::Refused, 'a header has a line break in it');
                }
                $head .= "$name: $value\r\n";
            }
            $connection->write("$head\r\n$body");
            return $connection->answer();
        } finally {
            fclose($connection->stream);
        }
    }

    private static function open(Base $base, float $end): self
    {
        $address = ($base->secure ? 'tls' : 'tcp') . "://{$base->host}:{$base->port}";
        $context = stream_context_create(['ssl' => ['peer_name' => trim($base->host, '[]')]]);
        $stream = @stream_socket_client($address, $code, $why, max(0.001, $end - microtime(true)), STREAM_CLIENT_CONNECT, $context);
        if ($stream === false) {
            throw microtime(true) >= $end ? self::late() : new SpigotError(Kind::Unreachable, "the service cannot be reached: $why");
        }
        stream_set_blocking($stream, false);
        return new self($stream, $end);
    }

    private function write(string $text): void
    {
        while ($text !== '') {
            $this->wait(false);
            $written = @fwrite($this->stream, $text);
            if ($written === false) {
                throw new SpigotError(Kind::Unreachable, 'the connection broke');
            }
            $text = substr($text, $written);
        }
    }

    /** @return array{int, list<array{string, string}>, string} */
    private function answer(): array
    {
        while (($at = strpos($this->read, "\r\n\r\n")) === false) {
            if (strlen($this->read) > self::HEAD_BYTES_MAX) {
                throw SpigotError::unreadable('the answer has no end of its head');
            }
            $this->more() || throw new SpigotError(Kind::Unreachable, 'the connection broke before the answer');
        }
        $lines = explode("\r\n", substr($this->read, 0, $at));
        $this->read = substr($this->read, $at + 4);
        if (!preg_match('~^HTTP/1\.[01] (\d{3})( |$)~', array_shift($lines), $found)) {
            throw SpigotError::unreadable('the answer is no HTTP');
        }
        $headers = [];
        foreach ($lines as $line) {
            [$name, $value] = [...explode(':', $line, 2), ''];
            $headers[] = [strtolower(trim($name)), trim($value)];
        }
        $status = (int) $found[1];
        $told = array_column($headers, 1, 0);
        $body = match (true) {
            in_array($status, [204, 304], true) => '',
            strtolower($told['transfer-encoding'] ?? '') === 'chunked' => $this->chunks(),
            ctype_digit($told['content-length'] ?? '') => $this->take((int) $told['content-length']),
            default => $this->rest(),
        };
        return [$status, $headers, $body];
    }

    private function take(int $bytes): string
    {
        if ($bytes > self::ANSWER_BYTES_MAX) {
            throw SpigotError::unreadable('the answer is larger than 4 MiB');
        }
        while (strlen($this->read) < $bytes) {
            $this->more() || throw new SpigotError(Kind::Unreachable, 'the connection broke in the middle of the answer');
        }
        $taken = substr($this->read, 0, $bytes);
        $this->read = substr($this->read, $bytes);
        return $taken;
    }

    private function chunks(): string
    {
        $body = '';
        do {
            while (($at = strpos($this->read, "\r\n")) === false) {
                $this->more() || throw new SpigotError(Kind::Unreachable, 'the connection broke in the middle of the answer');
            }
            $size = strstr(substr($this->read, 0, $at) . ';', ';', true);
            if (!preg_match('/^[0-9a-fA-F]{1,7}$/', trim($size))) {
                throw SpigotError::unreadable('the answer is no HTTP');
            }
            $this->read = substr($this->read, $at + 2);
            $bytes = (int) hexdec(trim($size));
            $body .= substr($this->take($bytes + 2), 0, $bytes);
            if (strlen($body) > self::ANSWER_BYTES_MAX) {
                throw SpigotError::unreadable('the answer is larger than 4 MiB');
            }
        } while ($bytes > 0);
        return $body;
    }

    private function rest(): string
    {
        while ($this->more()) {
            if (strlen($this->read) > self::ANSWER_BYTES_MAX) {
                throw SpigotError::unreadable('the answer is larger than 4 MiB');
            }
        }
        return $this->read;
    }

    /** Some more bytes; false at the connection's end. */
    private function more(): bool
    {
        while (true) {
            // What TLS has unpacked already, no select shows.
            $read = @fread($this->stream, 65536);
            if (is_string($read) && $read !== '') {
                $this->read .= $read;
                return true;
            }
            if (feof($this->stream)) {
                return false;
            }
            $this->wait(true);
        }
    }

    private function wait(bool $reading): void
    {
        $left = $this->end - microtime(true);
        if ($left <= 0) {
            throw self::late();
        }
        $none = null;
        $streams = [$this->stream];
        $seconds = (int) $left;
        $micros = (int) (($left - $seconds) * 1_000_000);
        $ready = $reading
            ? @stream_select($streams, $none, $none, $seconds, $micros)
            : @stream_select($none, $streams, $none, $seconds, $micros);
        if ($ready === 0) {
            throw self::late();
        }
    }

    private static function late(): SpigotError
    {
        return new SpigotError(Kind::TimedOut, 'the service did not answer in time');
    }
}
