<?php

declare(strict_types=1);

namespace Spigot;

/**
 * Asks one service on behalf of one site. Nothing passes because a question failed: every failure is a SpigotError, unless
 * failOpen asks for the opposite.
 */
final class Spigot
{
    /** Keys for tests; they count only with a service that has test_keys switched on, as `spigot demo` has. */
    public const TEST_SECRET_PASSES = '0x0000000000000000000000000000000000000001';
    public const TEST_SECRET_FAILS = '0x0000000000000000000000000000000000000002';
    public const TEST_SECRET_SPENT = '0x0000000000000000000000000000000000000003';

    private const TOKEN_LETTERS = 2048;

    private readonly Base $base;

    /**
     * @param string $base such as http://127.0.0.1:8082
     * @param float $timeoutSeconds bounds a whole call, its second try included
     * @param bool $failOpen lets through what could not be checked; `checked` is false then
     */
    public function __construct(
        string $base,
        #[\SensitiveParameter] private readonly string $secret,
        private readonly float $timeoutSeconds = 3.0,
        private readonly bool $failOpen = false,
    ) {
        $this->base = Base::read($base);
        if ($secret === '') {
            throw new \InvalidArgumentException('The secret is empty; `spigot site rotate NAME` makes one.');
        }
    }

    /** What is shown of it has no secret. */
    public function __debugInfo(): array
    {
        return ['base' => $this->base, 'timeoutSeconds' => $this->timeoutSeconds, 'failOpen' => $this->failOpen];
    }

    /**
     * Asks once what a token is worth.
     *
     * @param ?string $address the visitor's; $action and $hostname are what the token has to be of
     */
    public function verify(
        #[\SensitiveParameter] ?string $token,
        ?string $address = null,
        ?string $action = null,
        ?string $hostname = null,
    ): Verification {
        if (($token ?? '') === '') {
            return new Verification(false, codes: ['missing-input-response']);
        }
        if (strlen($token) > self::TOKEN_LETTERS) {
            return new Verification(false, codes: ['invalid-input-response']);
        }
        // Under the key the same question may be asked again when the connection breaks before the answer.
        $question = ['secret' => $this->secret, 'response' => $token, 'idempotency_key' => self::uuid()];
        if (($address ?? '') !== '') {
            $question['remoteip'] = $address;
        }
        return $this->closed(
            fn () => Verification::of($this->ask('/turnstile/v0/siteverify', $question, true), $action, $hostname),
            fn () => new Verification(true, false),
        );
    }

    /** Asks what to do. It is not asked again when the connection breaks: it would count twice. */
    public function decide(Request $request): Decision
    {
        return $this->closed(fn () => Decision::of($this->ask('/v1/decide', $request->wire(), false)), fn () => new Decision());
    }

    /**
     * At most 32 at once; one answer for each, in their order.
     *
     * @param list<Request> $requests
     * @return list<Decision|SpigotError>
     */
    public function decideAll(array $requests): array
    {
        if ($requests === []) {
            return [];
        }
        $asked = array_map(fn (Request $request): array => $request->wire(), array_values($requests));
        $decided = $this->closed(
            fn () => Decision::batch($this->ask('/v1/decide', ['requests' => $asked], false), count($asked)),
            fn () => array_map(fn () => new Decision(), $asked),
        );
        $seen = fn (Decision|SpigotError $one) => $one instanceof SpigotError && $this->failOpen && $one->opens() ? new Decision() : $one;
        return array_map($seen, $decided);
    }

    /** Tells how an attempt ended; whether it was counted by this report. */
    public function outcome(string $decision, bool $success): bool
    {
        $report = ['decision' => $decision, 'outcome' => $success ? 'success' : 'failure'];
        $counted = $this->ask('/v1/outcome', $report, true)['counted'] ?? null;
        return is_bool($counted) ? $counted : throw SpigotError::unreadable('the answer does not say counted');
    }

    /**
     * A request for Spigot itself, as the proxy before an application would send it.
     *
     * @internal
     * @param list<array{string, string}> $headers
     * @return array{int, list<array{string, string}>, string}
     */
    public function handOn(string $method, string $target, array $headers, string $body): array
    {
        return Connection::exchange($this->base, $method, $target, $headers, $body, microtime(true) + $this->timeoutSeconds);
    }

    private function closed(\Closure $ask, \Closure $unseen): mixed
    {
        try {
            return $ask();
        } catch (SpigotError $error) {
            return $this->failOpen && $error->opens() ? $unseen() : throw $error;
        }
    }

    private function ask(string $path, array $question, bool $twice): array
    {
        $end = microtime(true) + $this->timeoutSeconds;
        try {
            $body = json_encode($question, JSON_THROW_ON_ERROR | JSON_INVALID_UTF8_SUBSTITUTE);
        } catch (\JsonException $why) {
            throw new SpigotError(Kind::Refused, "the question is no JSON: {$why->getMessage()}");
        }
        try {
            return $this->post($path, $body, $end);
        } catch (SpigotError $error) {
            return $twice && $error->kind === Kind::Unreachable ? $this->post($path, $body, $end) : throw $error;
        }
    }

    private function post(string $path, #[\SensitiveParameter] string $body, float $end): array
    {
        $headers = [
            ['Host', $this->base->authority],
            ['Content-Type', 'application/json'],
            ['Authorization', "Bearer {$this->secret}"],
        ];
        [$status, $answered, $answer] = Connection::exchange($this->base, 'POST', $path, $headers, $body, $end);
        $told = array_column($answered, 1, 0);
        if ($status !== 200) {
            $isProblem = str_starts_with($told['content-type'] ?? '', 'application/problem+json');
            $after = $told['retry-after'] ?? '';
            $seconds = ctype_digit($after) && strlen($after) < 10 ? (int) $after : 0;
            throw SpigotError::ofProblem($isProblem ? Answer::object($answer) : null, $status, $seconds);
        }
        return Answer::object($answer) ?? throw SpigotError::unreadable('the answer is no JSON object');
    }

    private static function uuid(): string
    {
        $b = random_bytes(16);
        $b[6] = chr(ord($b[6]) & 0x0f | 0x40);
        $b[8] = chr(ord($b[8]) & 0x3f | 0x80);
        return vsprintf('%s%s-%s-%s-%s-%s%s%s', str_split(bin2hex($b), 4));
    }
}
