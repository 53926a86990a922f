<?php

declare(strict_types=1);

namespace Spigot;

use Psr\Http\Message\ResponseFactoryInterface;
use Psr\Http\Message\ResponseInterface;
use Psr\Http\Message\ServerRequestInterface;
use Psr\Http\Server\MiddlewareInterface;
use Psr\Http\Server\RequestHandlerInterface;

/**
 * PSR-15: decides every request before the application sees it. The decision is the request's attribute
 * `spigot.decision`. For Slim, Mezzio, Laravel and Symfony by their PSR bridges.
 */
final class Middleware implements MiddlewareInterface
{
    /** Where Spigot's own pages and files are; these requests are handed on to the service. */
    private const BELOW = '/.spigot/';
    /** The most that is handed on of a body: a submission has 64 KiB. */
    private const BODY_BYTES_MAX = 128 << 10;
    private const HOP = ['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'trailer', 'proxy-connection'];
    private const OWN = [...self::HOP, 'host', 'content-length', 'expect', 'x-forwarded-for', 'x-forwarded-proto'];

    /**
     * @param ?\Closure(ServerRequestInterface): string $address who the visitor is; REMOTE_ADDR by default
     * @param ?\Closure(SpigotError, ServerRequestInterface): void $failed hears of what could not be decided
     */
    public function __construct(
        private readonly Spigot $spigot,
        private readonly ResponseFactoryInterface $responses,
        private readonly ?\Closure $address = null,
        private readonly ?\Closure $failed = null,
    ) {
    }

    public function process(ServerRequestInterface $request, RequestHandlerInterface $handler): ResponseInterface
    {
        foreach (array_keys($request->getHeaders()) as $name) {
            if (self::isOurs((string) $name)) {
                $request = $request->withoutHeader((string) $name);
            }
        }
        try {
            if (str_starts_with($request->getRequestTarget(), self::BELOW)) {
                return $this->handOn($request);
            }
            $decision = $this->spigot->decide(new Request(
                host: self::host($request),
                address: $this->visitor($request),
                path: $request->getRequestTarget(),
                method: $request->getMethod(),
                scheme: $request->getUri()->getScheme() ?: 'http',
                headers: self::pairs($request),
            ));
        } catch (SpigotError $error) {
            ($this->failed)?->__invoke($error, $request);
            return $this->unavailable($request);
        }
        if ($decision->response !== null) {
            return $this->send($request, $decision->response);
        }
        foreach ($decision->removeHeaders as $name) {
            $request = $request->withoutHeader($name);
        }
        foreach ($decision->requestHeaders as [$name, $value]) {
            $request = $request->withHeader($name, $value);
        }
        return $handler->handle($request->withAttribute('spigot.decision', $decision));
    }

    private function visitor(ServerRequestInterface $request): string
    {
        return $this->address !== null ? ($this->address)($request) : (string) ($request->getServerParams()['REMOTE_ADDR'] ?? '');
    }

    private function handOn(ServerRequestInterface $request): ResponseInterface
    {
        $headers = array_filter(self::pairs($request), fn (array $pair): bool => !in_array(strtolower($pair[0]), self::OWN, true));
        [$status, $answered, $body] = $this->spigot->handOn($request->getMethod(), $request->getRequestTarget(), [
            ...array_values($headers),
            ['Host', self::host($request)],
            ['X-Forwarded-For', $this->visitor($request)],
            ['X-Forwarded-Proto', $request->getUri()->getScheme() ?: 'http'],
        ], self::body($request));
        $kept = array_filter($answered, fn (array $pair): bool => !in_array($pair[0], self::HOP, true));
        return $this->send($request, new Response($status, array_values($kept), $body));
    }

    private static function body(ServerRequestInterface $request): string
    {
        $stream = $request->getBody();
        if ($stream->isSeekable()) {
            $stream->rewind();
        }
        $body = '';
        while (!$stream->eof() && strlen($body) < self::BODY_BYTES_MAX) {
            $body .= $stream->read(self::BODY_BYTES_MAX - strlen($body));
        }
        return $body;
    }

    private function send(ServerRequestInterface $request, Response $told): ResponseInterface
    {
        $response = $this->responses->createResponse($told->status);
        foreach ($told->headers as [$name, $value]) {
            $response = $response->withAddedHeader($name, $value);
        }
        if ($request->getMethod() !== 'HEAD') {
            $response->getBody()->write($told->body);
        }
        return $response;
    }

    private function unavailable(ServerRequestInterface $request): ResponseInterface
    {
        $problem = [
            'type' => 'about:blank', 'title' => 'This cannot be checked at the moment', 'status' => 503,
            'detail' => 'Please try again in a few seconds.', 'code' => 'unavailable',
        ];
        $headers = [['Content-Type', 'application/problem+json'], ['Cache-Control', 'no-store'], ['Retry-After', '5']];
        return $this->send($request, new Response(503, $headers, json_encode($problem, JSON_THROW_ON_ERROR)));
    }

    private static function host(ServerRequestInterface $request): string
    {
        return $request->getHeaderLine('Host') ?: $request->getUri()->getAuthority();
    }

    /** @return list<array{string, string}> */
    private static function pairs(ServerRequestInterface $request): array
    {
        $pairs = [];
        foreach ($request->getHeaders() as $name => $values) {
            foreach ($values as $value) {
                $pairs[] = [(string) $name, $value];
            }
        }
        return $pairs;
    }

    /** What only Spigot may say, in every spelling that some server takes for it. */
    private static function isOurs(string $name): bool
    {
        $plain = str_replace('_', '-', strtolower($name));
        return str_starts_with($plain, 'x-spigot-') || $plain === 'x-captcha-reason';
    }
}
