<?php

declare(strict_types=1);

namespace Spigot;

/** Every failure of a call. */
final class SpigotError extends \RuntimeException
{
    public function __construct(
        public readonly Kind $kind,
        string $detail,
        /** The service's own word, such as secret_unknown; empty when it said none. */
        public readonly string $word = '',
        /** The HTTP status of the answer; 0 when there was none. */
        public readonly int $status = 0,
        /** 0 when nothing was said. */
        public readonly int $retryAfterSeconds = 0,
    ) {
        parent::__construct($kind->value . ($word === '' ? '' : " ($word)") . ": $detail");
    }

    /** Whether failOpen lets pass what it was asked about. */
    public function opens(): bool
    {
        return $this->kind !== Kind::Refused;
    }

    /** A status that is not 200, and the problem (RFC 9457) that may have come with it. */
    public static function ofProblem(mixed $problem, int $status, int $retryAfterSeconds = 0): self
    {
        $told = is_array($problem) ? $problem : [];
        $kind = match (true) {
            $status >= 500 && $status < 600 => Kind::Unavailable,
            $status >= 400 && $status < 500 => Kind::Refused,
            default => Kind::Unreadable,
        };
        $detail = Answer::text($told, 'detail') ?: "the service answered $status";
        return new self($kind, $detail, Answer::text($told, 'code'), $status, $retryAfterSeconds);
    }

    public static function unreadable(string $why): self
    {
        return new self(Kind::Unreadable, $why, status: 200);
    }
}
