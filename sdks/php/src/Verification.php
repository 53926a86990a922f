<?php

declare(strict_types=1);

namespace Spigot;

/** What a token is worth. */
final class Verification
{
    /** @param list<string> $codes why it does not count: the service's codes, action-mismatch, hostname-mismatch */
    public function __construct(
        /** It counts, and it is what was expected. */
        public readonly bool $success,
        /** False only where failOpen let it pass unseen. */
        public readonly bool $checked = true,
        public readonly array $codes = [],
        public readonly string $hostname = '',
        public readonly string $action = '',
        public readonly string $data = '',
        /** RFC 3339. */
        public readonly string $solvedAt = '',
    ) {
    }

    /** @internal */
    public static function of(array $answer, ?string $action, ?string $hostname): self
    {
        $success = $answer['success'] ?? null;
        if (!is_bool($success)) {
            throw SpigotError::unreadable('the answer does not say success');
        }
        $told = $answer['error-codes'] ?? null;
        $codes = is_array($told) ? array_values(array_filter($told, is_string(...))) : [];
        foreach ($codes as $code) {
            if ($code === 'missing-input-secret' || $code === 'invalid-input-secret') {
                throw new SpigotError(Kind::Refused, 'check the secret with `spigot site show`', $code, 200);
            }
            if ($code === 'internal-error') {
                throw new SpigotError(Kind::Unavailable, 'the token cannot be checked now', $code, 200);
            }
        }
        // A secret for tests knows no action and no host.
        $metadata = is_array($answer['metadata'] ?? null) ? $answer['metadata'] : [];
        if ($success && ($metadata['result_with_testing_key'] ?? null) !== true) {
            if (($action ?? '') !== '' && Answer::text($answer, 'action') !== $action) {
                $codes[] = 'action-mismatch';
            }
            if (($hostname ?? '') !== '' && Answer::text($answer, 'hostname') !== $hostname) {
                $codes[] = 'hostname-mismatch';
            }
        }
        [$host, $of, $data, $at] = array_map(
            fn (string $name): string => Answer::text($answer, $name),
            ['hostname', 'action', 'cdata', 'challenge_ts'],
        );
        return new self($success && $codes === [], true, $codes, $host, $of, $data, $at);
    }
}
