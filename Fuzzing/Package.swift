// swift-tools-version:6.2

import PackageDescription

/// The settings of the package that is fuzzed, and coverage for the fuzzer.
///
/// `-assert-config Debug` keeps the bounds checks of raw pointers, which an optimized build leaves out.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .unsafeFlags(["-sanitize=fuzzer", "-assert-config", "Debug", "-enable-testing"]),
]

/// A module of Ledge, compiled from its own directory.
///
/// Modules are visible in their own package only, so a fuzzer in a package of its own has to compile them;
/// `Modules` is a link to the directory they are in.
func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, path: "Modules/\(name)", swiftSettings: settings)
}

extension Target.Dependency {
    static let crypto = product(name: "Crypto", package: "swift-crypto")
    static let lock = product(name: "NIOConcurrencyHelpers", package: "swift-nio")
    static let nio = product(name: "NIOCore", package: "swift-nio")
}

let package = Package(
    name: "fuzzing",
    dependencies: [
        .package(url: "https://github.com/apple/swift-crypto.git", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-nio.git", exact: "2.101.2"),
    ],
    targets: [
        .systemLibrary(name: "CZlib", path: "Modules/CZlib"),
        .systemLibrary(name: "CZstd", path: "Modules/CZstd"),
        .target(name: "CXXHash", path: "Modules/CXXHash"),
        module("Concurrency", [.lock]),
        module("Disk", [.lock]),
        module("JSON", ["CXXHash"]),
        module("Zstd", ["CZstd", "CXXHash", .lock]),
        module("SegmentLog", ["Disk", "JSON", "Zstd", .lock]),
        module("Index", ["SegmentLog", "Disk", "JSON", .lock]),
        module("Store", ["Index", "SegmentLog", "Disk", "JSON", "Concurrency", .lock]),
        module("Blobs", ["Disk", "JSON", "Zstd", "Concurrency", "CZstd", "CXXHash", .crypto, .lock]),
        module("Catalog", ["Store", "Index", "JSON"]),
        module("Weights", ["CZlib", "JSON"]),
        module("Tokens", ["Store", "Index", "Disk", "JSON", "Concurrency", .crypto, .lock]),
        // Of the API only what reads requests: the rest would take the server, and minutes, with it.
        .target(
            name: "API",
            dependencies: ["JSON", .nio],
            path: "API",
            swiftSettings: settings
        ),
        .target(name: "TestSupport", dependencies: ["Disk", .lock], path: "TestSupport", swiftSettings: settings),
        .executableTarget(
            name: "ledge-fuzz",
            dependencies: [
                "API", "Blobs", "Catalog", "Disk", "Index", "JSON", "SegmentLog", "Store", "TestSupport", "Tokens",
                "Weights", "Zstd", .nio,
            ],
            swiftSettings: settings
        ),
    ]
)
