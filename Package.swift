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

/// One module of `docs/ARCHITECTURE.md`, with the modules it may import.
func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// The tests of one module, and what they import besides it.
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
    static let nioTLS = product(name: "NIOTLS", package: "swift-nio")
    static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
}

let package = Package(
    name: "ledge",
    dependencies: [
        // Exact versions, so that a build is the same tomorrow. Package.resolved cannot pin them: mirrors of these
        // packages have other commit ids. The packages that these need are in docs/DEPENDENCIES.md, and
        // scripts/checks/dependencies fails if another version was resolved.
        //
        // `traits: []` keeps full Foundation, and with it 44 MB of ICU, out of the binary.
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections.git", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", exact: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log.git", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", exact: "2.37.6"),
    ],
    targets: [
        .systemLibrary(name: "CMalloc"),
        .systemLibrary(name: "CZlib"),
        .systemLibrary(name: "CZstd"),
        .target(name: "CXXHash"),
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
        module(
            "Federation",
            [
                "Tokens", "Catalog", "Store", "Index", "Blobs", "Disk", "Weights", "JSON", "Concurrency", .lock,
                .nioPosix,
            ]
        ),
        module(
            "Control",
            ["Federation", "Catalog", "Store", "Index", "Blobs", "Disk", "Weights", "JSON", "Concurrency", .lock]
        ),
        module(
            "Inspection",
            ["Federation", "Tokens", "Catalog", "Store", "Index", "Blobs", "SegmentLog", "Disk", "JSON"]
        ),
        module(
            "Repair",
            ["Inspection", "Federation", "Catalog", "Store", "Index", "Blobs", "SegmentLog", "Disk", "JSON"]
        ),
        module("Connections", [.hummingbirdCore, .httpTypes, .lifecycle, .lock, .logging, .nio, .nioHTTP1]),
        module(
            "API",
            [
                "Connections", "Federation", "Control", "Tokens", "Weights", "Catalog", "Store", "Index", "Blobs",
                "Disk",
                "JSON",
                .hummingbird, .httpTypes, .lifecycle, .lock, .logging, .nio, .nioPosix, .nioHTTP1,
            ]
        ),
        .executableTarget(
            name: "ledge",
            dependencies: [
                "API", "Connections", "Repair", "Inspection", "Control", "Federation", "Tokens", "Catalog", "Store",
                "Index", "Blobs",
                "SegmentLog", "Disk", "JSON", "CMalloc",
                .argumentParser, .hummingbird, .lifecycle, .logging, .nio, .nioHTTP1, .nioPosix, .nioSSL, .nioTLS,
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
        // Random documents and conditions on them, for the tests of indexes and of queries.
        .target(
            name: "QuerySamples",
            dependencies: ["Index", "JSON", "TestSupport"],
            path: "Tests/QuerySamples",
            swiftSettings: settings
        ),
        tests(of: "Index", ["QuerySamples", "SegmentLog", "Disk", "JSON"]),
        tests(of: "Store", ["QuerySamples", "Index", "SegmentLog", "Disk", "JSON"]),
        tests(of: "Blobs", ["Disk", "JSON", "Zstd", "CZstd"]),
        tests(of: "Catalog", ["Store", "Index", "JSON"]),
        tests(of: "Weights", ["JSON"]),
        tests(of: "Tokens", ["Store", "Disk", "JSON", .lock]),
        tests(of: "Federation", ["Tokens", "Catalog", "Store", "Index", "Blobs", "Disk", "Weights", "JSON"]),
        tests(
            of: "Control",
            ["Trainers", "Federation", "Catalog", "Store", "Blobs", "Weights", "Disk", "JSON", .lock]
        ),
        tests(
            of: "Repair",
            ["Inspection", "Federation", "Catalog", "Tokens", "Store", "Index", "Blobs", "SegmentLog", "Disk", "JSON"]
        ),
        tests(of: "Inspection", ["Catalog", "Store", "Index", "Blobs", "SegmentLog", "Disk", "JSON"]),
        tests(of: "Connections", [.hummingbirdCore, .logging, .nio, .nioEmbedded, .nioHTTP1]),
        tests(
            of: "ledge",
            [
                "API", "Federation", "Control", "Blobs", "Catalog", "Store", "Index", "Disk", "JSON", .lifecycleTestKit,
                .lock,
                .logging, .nio,
                .nioHTTP1, .nioPosix, .nioSSL,
            ]
        ),
        .testTarget(
            name: "CrashTests",
            dependencies: ["TestSupport", "Store", "Index", "Blobs", "SegmentLog", "Disk", "JSON"],
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
