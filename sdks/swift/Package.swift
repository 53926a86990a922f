// swift-tools-version:5.9
import PackageDescription

let package = Package(
    name: "SpigotClient",
    platforms: [.iOS(.v15), .macOS(.v12)],
    products: [.`library`(name: "SpigotClient", targets: ["SpigotClient"])],
    targets: [
        .target(name: "SpigotClient"),
        .testTarget(name: "SpigotClientTests", dependencies: ["SpigotClient"]),
    ]
)
