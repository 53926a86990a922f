<?php

declare(strict_types=1);

namespace Spigot;

/** Where the service is. @internal */
final class Base
{
    private function __construct(
        public readonly bool $secure,
        public readonly string $host,
        public readonly int $port,
        public readonly string $path,
        public readonly string $authority,
    ) {
    }

    public static function read(string $written): self
    {
        $parts = parse_url(rtrim($written, '/'));
        $scheme = $parts['scheme'] ?? '';
        $host = $parts['host'] ?? '';
        if (!in_array($scheme, ['http', 'https'], true) || $host === '') {
            throw new \InvalidArgumentException('The service is at an address like http://127.0.0.1:8082.');
        }
        $secure = $scheme === 'https';
        $port = $parts['port'] ?? null;
        return new self($secure, $host, $port ?? ($secure ? 443 : 80), $parts['path'] ?? '', $host . ($port === null ? '' : ":$port"));
    }
}
