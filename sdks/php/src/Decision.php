<?php

declare(strict_types=1);

namespace Spigot;

/** What to do with a request. */
final class Decision
{
    /**
     * @param list<array{kind: string, name: string, gave: string, evidence: string}> $reasons
     * @param list<array{string, string}> $requestHeaders for the application, in place of what the visitor sent under these names
     * @param list<string> $removeHeaders names of what was for Spigot alone, such as a client's key; the application does not see them
     */
    public function __construct(
        /** What support and outcome() know it by; empty where failOpen let it pass. */
        public readonly string $id = '',
        /** What the policy asks for: allow, log, throttle, challenge, shadow, block. */
        public readonly string $action = 'allow',
        /** What is done: in monitor mode always allow. */
        public readonly string $effective = 'allow',
        /** 0 to 100. */
        public readonly int $risk = 0,
        public readonly array $reasons = [],
        /** The application goes on; otherwise $response is what to send. */
        public readonly bool $passes = true,
        /** False only where failOpen let it pass unseen. */
        public readonly bool $checked = false,
        public readonly array $requestHeaders = [],
        /** There exactly when it does not pass. */
        public readonly ?Response $response = null,
        public readonly array $removeHeaders = [],
    ) {
    }

    /** @internal */
    public static function of(mixed $told): self
    {
        $whole = is_array($told) && is_bool($told['passes'] ?? null)
            && is_string($told['id'] ?? null) && is_string($told['action'] ?? null) && is_string($told['effective'] ?? null);
        if (!$whole) {
            throw SpigotError::unreadable('the decision is not whole');
        }
        $reasons = [];
        foreach (is_array($told['reasons'] ?? null) ? $told['reasons'] : [] as $reason) {
            if (is_array($reason)) {
                $names = ['kind', 'name', 'gave', 'evidence'];
                $reasons[] = array_combine($names, array_map(fn (string $name) => Answer::text($reason, $name), $names));
            }
        }
        return new self(
            $told['id'],
            $told['action'],
            $told['effective'],
            is_int($told['risk'] ?? null) ? $told['risk'] : 0,
            $reasons,
            $told['passes'],
            true,
            Answer::pairs($told['request_headers'] ?? null),
            $told['passes'] ? null : Response::of($told['response'] ?? null),
            array_values(array_filter((array) ($told['remove_headers'] ?? []), is_string(...))),
        );
    }

    /**
     * One decision or error for each request, in their order. @internal
     *
     * @return list<self|SpigotError>
     */
    public static function batch(array $answer, int $wanted): array
    {
        $decisions = $answer['decisions'] ?? null;
        if (!is_array($decisions) || count($decisions) !== $wanted) {
            throw SpigotError::unreadable('there is not one decision for each request');
        }
        $read = function (mixed $one): self|SpigotError {
            $problem = is_array($one) ? $one['problem'] ?? null : null;
            $status = is_array($problem) && is_int($problem['status'] ?? null) ? $problem['status'] : 0;
            return is_array($problem) ? SpigotError::ofProblem($problem, $status) : self::of($one);
        };
        return array_map($read, array_values($decisions));
    }
}
