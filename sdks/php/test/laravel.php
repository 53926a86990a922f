<?php

// An application in Laravel's own router, behind the middleware in Laravel's shape: it tells what it was given.

declare(strict_types=1);

use Illuminate\Container\Container;
use Illuminate\Events\Dispatcher;
use Illuminate\Http\Request;
use Illuminate\Pipeline\Pipeline;
use Illuminate\Routing\Router;
use Spigot\LaravelMiddleware;
use Spigot\Spigot;

// The framework is older than this PHP, and would say so into each answer.
error_reporting(E_ALL & ~E_DEPRECATED);
require 'Illuminate/Routing/autoload.php';
require 'Illuminate/Http/autoload.php';
require 'Illuminate/Events/autoload.php';
require __DIR__ . '/prepared.php';

$container = new Container();
$container->singleton(Spigot::class, from_environment(...));
$container->bind(LaravelMiddleware::class, fn (Container $bound): LaravelMiddleware => new LaravelMiddleware(
    $bound->make(Spigot::class),
    showsBody: fn (Request $request): bool => str_starts_with($request->getPathInfo(), '/shown/'),
));
$router = new Router(new Dispatcher($container), $container);
$router->any('{any}', fn (Request $request, string $any): string => told(
    $request->getMethod(),
    $request->getRequestUri(),
    $request->headers->all(),
    $request->getContent(),
    "/$any",
))->where('any', '.*');

$request = Request::capture();
$container->instance(Request::class, $request);
// As the kernel sends each request through its global middleware.
$response = (new Pipeline($container))->send($request)->through([LaravelMiddleware::class])
    ->then(fn (Request $request) => $router->dispatch($request));
header_remove('X-Powered-By');
$response->prepare($request)->send();
