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
 * `spigot.decision`. For Slim, Mezzio and other dispatchers of PSR-15; Laravel has one of its own.
 */
final class Middleware implements MiddlewareInterface
{
    /**
     * @param ?\Closure(ServerRequestInterface): string $address who the visitor is; REMOTE_ADDR by default
     * @param ?\Closure(SpigotError, ServerRequestInterface): void $failed hears of what could not be decided
     * @param ?\Closure(ServerRequestInterface): bool $showsBody of which requests the service sees the body's first 64 KiB;
     *     the application reads it whole all the same
     */
    public function __construct(
        private readonly Spigot $spigot,
        private readonly ResponseFactoryInterface $responses,
        private readonly ?\Closure $address = null,
        private readonly ?\Closure $failed = null,
        private readonly ?\Closure $showsBody = null,
    ) {
    }

    public function process(ServerRequestInterface $request, RequestHandlerInterface $handler): ResponseInterface
    {
        foreach (array_keys($request->getHeaders()) as $name) {
            if (Guard::isOurs((string) $name)) {
                $request = $request->withoutHeader((string) $name);
            }
        }
        $failed = $this->failed === null ? null : fn (SpigotError $error) => ($this->failed)($error, $request);
        // What cannot be read twice is not shown.
        $shows = $this->showsBody !== null && $request->getBody()->isSeekable() && ($this->showsBody)($request);
        $turned = (new Guard($this->spigot, $failed))->turn(
            $this->describe($request),
            fn (int $bytes): string => self::begun($request, $bytes),
            $shows,
        );
        if ($turned instanceof Response) {
            return $this->send($request, $turned);
        }
        foreach ($turned->removeHeaders as $name) {
            $request = $request->withoutHeader($name);
        }
        foreach ($turned->requestHeaders as [$name, $value]) {
            $request = $request->withHeader($name, $value);
        }
        return $handler->handle($request->withAttribute('spigot.decision', $turned));
    }

    private function describe(ServerRequestInterface $request): Request
    {
        $headers = [];
        foreach ($request->getHeaders() as $name => $values) {
            foreach ($values as $value) {
                $headers[] = [(string) $name, $value];
            }
        }
        $address = $this->address ?? fn (ServerRequestInterface $request): string => $request->getServerParams()['REMOTE_ADDR'] ?? '';
        return new Request(
            host: $request->getHeaderLine('Host') ?: $request->getUri()->getAuthority(),
            address: (string) $address($request),
            path: $request->getRequestTarget(),
            method: $request->getMethod(),
            scheme: $request->getUri()->getScheme() ?: 'http',
            headers: $headers,
        );
    }

    private static function begun(ServerRequestInterface $request, int $bytes): string
    {
        $stream = $request->getBody();
        if ($stream->isSeekable()) {
            $stream->rewind();
        }
        $body = '';
        while (!$stream->eof() && strlen($body) < $bytes) {
            $body .= $stream->read($bytes - strlen($body));
        }
        if ($stream->isSeekable()) {
            $stream->rewind();
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
}
