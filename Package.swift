// swift-tools-version:6.2

import PackageDescription

/// Every target: Swift 6, warnings as errors, imports that say how visible they are.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// One room of `docs/ARCHITECTURE.md`: its dependencies are its arrows.
func room(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// The tests of one room, and what they need beside it.
func tests(of name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: [.byName(name: name), "TestSupport"] + dependencies,
        swiftSettings: settings
    )
}

extension Target.Dependency {
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let crypto = product(name: "Crypto", package: "swift-crypto")
    static let deque = product(name: "DequeModule", package: "swift-collections")
    static let httpTypes = product(name: "HTTPTypes", package: "swift-http-types")
    static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
    static let hummingbirdCore = product(name: "HummingbirdCore", package: "hummingbird")
    static let hummingbirdTesting = product(name: "HummingbirdTesting", package: "hummingbird")
    static let lifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let lifecycleTestKit = product(name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle")
    static let lock = product(name: "NIOConcurrencyHelpers", package: "swift-nio")
    static let logging = product(name: "Logging", package: "swift-log")
    static let nio = product(name: "NIOCore", package: "swift-nio")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
    static let nioEmbedded = product(name: "NIOEmbedded", package: "swift-nio")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
}

let package = Package(
    name: "ledge",
    dependencies: [
        // `traits: []` keeps full Foundation, and with it 44 MB of ICU, out of the binary.
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
    ],
    targets: [
        .systemLibrary(name: "CZlib"),
        .systemLibrary(name: "CZstd"),
        .target(name: "CXXHash"),
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
        room(
            "Federation",
            ["Tokens", "Catalog", "Store", "Blobs", "Disk", "Weights", "JSON", "Concurrency", .lock, .nioPosix]
        ),
        room("Control", ["Federation", "Catalog", "Store", "Blobs", "Disk", "Weights", "JSON", "Concurrency", .lock]),
        room("Inspection", ["Federation", "Tokens", "Catalog", "Store", "Blobs", "SegmentLog", "Disk", "JSON"]),
        room("Repair", ["Inspection", "Federation", "Catalog", "Store", "Blobs", "SegmentLog", "Disk", "JSON"]),
        room("Connections", [.hummingbirdCore, .lifecycle, .lock, .logging, .nio, .nioHTTP1]),
        room(
            "API",
            [
                "Connections", "Federation", "Control", "Tokens", "Weights", "Catalog", "Store", "Blobs", "Disk",
                "JSON",
                .hummingbird, .httpTypes, .lifecycle, .lock, .logging, .nio, .nioPosix, .nioHTTP1,
            ]
        ),
        .executableTarget(
            name: "ledge",
            dependencies: [
                "API", "Connections", "Repair", "Inspection", "Control", "Federation", "Tokens", "Catalog", "Store",
                "Blobs",
                "SegmentLog", "Disk", "JSON",
                .argumentParser, .hummingbird, .lifecycle, .logging, .nio, .nioHTTP1, .nioPosix,
            ],
            swiftSettings: settings
        ),
        .target(
            name: "TestSupport",
            dependencies: ["Disk", .lock],
            path: "Tests/TestSupport",
            swiftSettings: settings
        ),
        // Participants who train in this process, and the server with them: until edge clients can connect, and for tests.
        .target(
            name: "Trainers",
            dependencies: ["Control", "Weights", "Store", "Blobs", "JSON", "TestSupport", .lock],
            path: "Tests/Trainers",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "ledge-trainers",
            dependencies: [
                "API", "Trainers", "TestSupport", "Federation", "Control", "Weights", "Catalog", "Store", "Blobs",
                "Disk",
                "JSON", .argumentParser, .hummingbird, .lifecycle, .logging,
            ],
            path: "Tests/TrainersServer",
            swiftSettings: settings
        ),
        tests(of: "Concurrency", [.lock]),
        tests(of: "Disk"),
        tests(of: "JSON"),
        tests(of: "Zstd"),
        tests(of: "SegmentLog", ["Disk", "JSON", "Zstd"]),
        tests(of: "Store", ["SegmentLog", "Disk", "JSON"]),
        tests(of: "Blobs", ["Disk", "JSON", "Zstd", "CZstd"]),
        tests(of: "Catalog", ["Store", "JSON"]),
        tests(of: "Weights", ["JSON"]),
        tests(of: "Tokens", ["Store", "Disk", "JSON", .lock]),
        tests(of: "Federation", ["Tokens", "Catalog", "Store", "Blobs", "Disk", "JSON"]),
        tests(
            of: "Control",
            ["Trainers", "Federation", "Catalog", "Store", "Blobs", "Weights", "Disk", "JSON", .lock]
        ),
        tests(
            of: "Repair",
            ["Inspection", "Federation", "Catalog", "Tokens", "Store", "Blobs", "SegmentLog", "Disk", "JSON"]
        ),
        tests(of: "Inspection", ["Catalog", "Store", "Blobs", "SegmentLog", "Disk", "JSON"]),
        tests(of: "Connections", [.nio, .nioEmbedded, .nioHTTP1]),
        tests(
            of: "ledge",
            [
                "API", "Federation", "Control", "Blobs", "Catalog", "Store", "Disk", "JSON", .lifecycleTestKit, .lock,
                .logging, .nio,
                .nioHTTP1, .nioPosix,
            ]
        ),
        .testTarget(
            name: "CrashTests",
            dependencies: ["TestSupport", "Store", "Blobs", "SegmentLog", "Disk", "JSON"],
            swiftSettings: settings
        ),
        tests(
            of: "API",
            [
                "Connections", "Federation", "Control", "Tokens", "Catalog", "Store", "Blobs", "Disk", "JSON",
                .hummingbird, .hummingbirdTesting, .httpTypes, .lifecycleTestKit, .nio, .nioEmbedded,
            ]
        ),
    ]
)
