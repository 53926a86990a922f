<?php

declare(strict_types=1);

namespace Spigot;

/** What is to be decided upon: host and address are needed, and path or action. */
final class Request
{
    /** @param list<array{string, string}> $headers in the order in which they came */
    public function __construct(
        public readonly string $host,
        /** The visitor's. */
        public readonly string $address,
        /** As it came, with its query. */
        public readonly ?string $path = null,
        /** Something that is no request, such as "checkout": routes match it as POST /.spigot/action/checkout. */
        public readonly ?string $action = null,
        /** GET when nothing is said. */
        public readonly ?string $method = null,
        /** "https" or "http", as the visitor's browser has it. */
        public readonly ?string $scheme = null,
        public readonly array $headers = [],
        /** The identifier that the request is about, where the application knows it. */
        public readonly ?string $account = null,
        /** What the policy may look into. */
        public readonly ?string $body = null,
        /** False where $body is its beginning only. */
        public readonly bool $bodyComplete = true,
    ) {
    }

    /** As the service reads it. @internal */
    public function wire(): array
    {
        $told = array_filter(get_object_vars($this), fn (mixed $value): bool => $value !== null && $value !== []);
        unset($told['body'], $told['bodyComplete']);
        if (($this->body ?? '') === '') {
            return $told;
        }
        return $told + ['body_base64' => base64_encode($this->body)] + ($this->bodyComplete ? [] : ['body_complete' => false]);
    }
}
