<?php

declare(strict_types=1);

namespace Spigot;

use Symfony\Component\HttpFoundation\Request as HttpRequest;
use Symfony\Component\HttpFoundation\Response as HttpResponse;

/**
 * Laravel's shape, `handle($request, $next)`, over Symfony's HttpFoundation: decides every request before the application
 * sees it. The decision is the request's attribute `spigot.decision`. Bind `Spigot\Spigot` in a service provider.
 */
final class LaravelMiddleware
{
    /**
     * @param ?\Closure(HttpRequest): string $address who the visitor is; REMOTE_ADDR by default
     * @param ?\Closure(SpigotError, HttpRequest): void $failed hears of what could not be decided
     * @param ?\Closure(HttpRequest): bool $showsBody of which requests the service sees the body's first 64 KiB
     */
    public function __construct(
        private readonly Spigot $spigot,
        private readonly ?\Closure $address = null,
        private readonly ?\Closure $failed = null,
        private readonly ?\Closure $showsBody = null,
    ) {
    }

    public function handle(HttpRequest $request, \Closure $next): HttpResponse
    {
        // PHP has written every spelling of a name as one.
        foreach ($request->headers->keys() as $name) {
            if (Guard::isOurs((string) $name)) {
                self::set($request, (string) $name, null);
            }
        }
        $failed = $this->failed === null ? null : fn (SpigotError $error) => ($this->failed)($error, $request);
        $turned = (new Guard($this->spigot, $failed))->turn(
            $this->describe($request),
            fn (int $bytes): string => substr((string) $request->getContent(), 0, $bytes),
            $this->showsBody !== null && ($this->showsBody)($request),
        );
        if ($turned instanceof Response) {
            return self::answer($turned);
        }
        foreach ($turned->removeHeaders as $name) {
            self::set($request, $name, null);
        }
        foreach ($turned->requestHeaders as [$name, $value]) {
            self::set($request, $name, $value);
        }
        $request->attributes->set('spigot.decision', $turned);
        return $next($request);
    }

    private function describe(HttpRequest $request): Request
    {
        $headers = [];
        foreach ($request->headers->all() as $name => $values) {
            foreach ($values as $value) {
                $headers[] = [(string) $name, (string) $value];
            }
        }
        $address = $this->address ?? fn (HttpRequest $request): string => (string) $request->server->get('REMOTE_ADDR');
        return new Request(
            host: $request->headers->get('host') ?? '',
            address: $address($request),
            path: $request->getRequestUri(),
            // Not what a form field or a header says instead of it.
            method: $request->getRealMethod(),
            scheme: $request->getScheme(),
            headers: $headers,
        );
    }

    /** In both places where an application finds a header; null takes it away. */
    private static function set(HttpRequest $request, string $name, ?string $value): void
    {
        $variable = 'HTTP_' . strtoupper(str_replace('-', '_', $name));
        if ($value === null) {
            $request->headers->remove($name);
            $request->server->remove($variable);
        } else {
            $request->headers->set($name, $value);
            $request->server->set($variable, $value);
        }
    }

    private static function answer(Response $told): HttpResponse
    {
        $headers = [];
        foreach ($told->headers as [$name, $value]) {
            $headers[strtolower($name)][] = $value;
        }
        $response = new HttpResponse($told->body, $told->status);
        foreach ($headers as $name => $values) {
            $response->headers->set($name, $values);
        }
        return $response;
    }
}
