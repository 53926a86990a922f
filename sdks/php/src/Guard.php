<?php

declare(strict_types=1);

namespace Spigot;

/** What both kinds of middleware share: one request, decided. @internal */
final class Guard
{
    /** Where Spigot's own pages and files are; these requests are handed on to the service. */
    private const BELOW = '/.spigot/';
    /** The most that is handed on of a body: a submission has 64 KiB. */
    private const BODY_BYTES_MAX = 128 << 10;
    /** The most that is shown of a body, where any is: as much as Envoy's configuration has. */
    private const BODY_SHOWN_MAX = 64 << 10;
    private const HOP = ['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'trailer', 'proxy-connection'];
    private const OWN = [...self::HOP, 'host', 'content-length', 'expect', 'x-forwarded-for', 'x-forwarded-proto'];

    /** @param ?\Closure(SpigotError): void $failed hears of what could not be decided */
    public function __construct(private readonly Spigot $spigot, private readonly ?\Closure $failed)
    {
    }

    /**
     * The decision by which a request passes, or what is sent in place of the application's answer.
     *
     * @param Request $request without its body
     * @param \Closure(int): string $body its beginning, at most so many bytes
     * @param bool $shows whether the service sees of it
     */
    public function turn(Request $request, \Closure $body, bool $shows): Decision|Response
    {
        try {
            if (self::isBelow($request->path)) {
                return $this->handOn($request, $body(self::BODY_BYTES_MAX));
            }
            $decision = $this->spigot->decide($shows ? self::shown($request, $body(self::BODY_SHOWN_MAX + 1)) : $request);
        } catch (SpigotError $error) {
            ($this->failed)?->__invoke($error);
            return self::unavailable();
        }
        return $decision->response ?? $decision;
    }

    /** What only Spigot may say, in every spelling that some server takes for it. */
    public static function isOurs(string $name): bool
    {
        $plain = str_replace('_', '-', strtolower($name));
        return str_starts_with($plain, 'x-spigot-') || $plain === 'x-captcha-reason';
    }

    /** Whether a request is for Spigot itself. One whose path may lead elsewhere is decided upon like any other. */
    private static function isBelow(string $target): bool
    {
        $path = strtolower(explode('?', $target, 2)[0]);
        // Below it nothing begins with a dot, nor is written otherwise than it is.
        return str_starts_with($path, self::BELOW)
            && !preg_match('~/\.|\\\\|%2e|%2f|%5c~', substr($path, strlen(self::BELOW) - 1));
    }

    private static function shown(Request $request, string $begun): Request
    {
        $told = ['body' => substr($begun, 0, self::BODY_SHOWN_MAX), 'bodyComplete' => strlen($begun) <= self::BODY_SHOWN_MAX];
        return new Request(...[...get_object_vars($request), ...$told]);
    }

    private function handOn(Request $request, string $body): Response
    {
        $headers = array_filter($request->headers, fn (array $pair): bool => !in_array(strtolower($pair[0]), self::OWN, true));
        [$status, $answered, $answer] = $this->spigot->handOn($request->method, $request->path, [
            ...array_values($headers),
            ['Host', $request->host],
            ['X-Forwarded-For', $request->address],
            ['X-Forwarded-Proto', $request->scheme],
        ], $body);
        $kept = array_filter($answered, fn (array $pair): bool => !in_array($pair[0], self::HOP, true));
        return new Response($status, array_values($kept), $answer);
    }

    private static function unavailable(): Response
    {
        $problem = [
            'type' => 'about:blank', 'title' => 'This cannot be checked at the moment', 'status' => 503,
            'detail' => 'Please try again in a few seconds.', 'code' => 'unavailable',
        ];
        $headers = [['Content-Type', 'application/problem+json'], ['Cache-Control', 'no-store'], ['Retry-After', '5']];
        return new Response(503, $headers, json_encode($problem, JSON_THROW_ON_ERROR));
    }
}
