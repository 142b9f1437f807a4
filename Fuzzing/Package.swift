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

/// A room of Ledge, compiled from where it stands.
///
/// Rooms show themselves to their own package only, so what fuzzes them in a package of its own has to compile them;
/// `Rooms` is a link to the directory they are in.
func room(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, path: "Rooms/\(name)", swiftSettings: settings)
}

extension Target.Dependency {
    static let crypto = product(name: "Crypto", package: "swift-crypto")
    static let lock = product(name: "NIOConcurrencyHelpers", package: "swift-nio")
    static let nio = product(name: "NIOCore", package: "swift-nio")
}

let package = Package(
    name: "fuzzing",
    dependencies: [
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
    ],
    targets: [
        .systemLibrary(name: "CZlib", path: "Rooms/CZlib"),
        .systemLibrary(name: "CZstd", path: "Rooms/CZstd"),
        .target(name: "CXXHash", path: "Rooms/CXXHash"),
        room("Concurrency", [.lock]),
        room("Disk", [.lock]),
        room("JSON", ["CXXHash"]),
        room("Zstd", ["CZstd", "CXXHash", .lock]),
        room("SegmentLog", ["Disk", "JSON", "Zstd", .lock]),
        room("Store", ["SegmentLog", "Disk", "JSON", "Concurrency", .lock]),
        room("Blobs", ["Disk", "JSON", "Zstd", "Concurrency", "CZstd", "CXXHash", .crypto, .lock]),
        room("Catalog", ["Store", "JSON"]),
        room("Weights", ["CZlib", "JSON"]),
        room("Tokens", ["Store", "Disk", "JSON", "Concurrency", .crypto, .lock]),
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
                "API", "Blobs", "Catalog", "Disk", "JSON", "SegmentLog", "Store", "TestSupport", "Tokens", "Weights",
                "Zstd", .nio,
            ],
            swiftSettings: settings
        ),
    ]
)
