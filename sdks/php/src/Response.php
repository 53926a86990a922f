<?php

declare(strict_types=1);

namespace Spigot;

/** What the visitor gets in place of the application's answer. */
final class Response
{
    /** @param list<array{string, string}> $headers */
    public function __construct(
        public readonly int $status,
        public readonly array $headers,
        public readonly string $body,
    ) {
    }

    /** @internal */
    public static function of(mixed $told): self
    {
        $status = is_array($told) ? $told['status'] ?? null : null;
        if (!is_int($status) || $status < 200 || $status > 599) {
            throw SpigotError::unreadable('the decision does not say what to send');
        }
        return new self($status, Answer::pairs($told['headers'] ?? null), Answer::text($told, 'body'));
    }
}
