// swift-tools-version:6.2

import PackageDescription

/// The settings of the package that is measured.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// A room of Ledge, compiled from where it stands.
///
/// Rooms show themselves to their own package only, so a benchmark in a package of its own has to compile them;
/// `Rooms` is a link to the directory they are in.
func room(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, path: "Rooms/\(name)", swiftSettings: settings)
}

let lock = Target.Dependency.product(name: "NIOConcurrencyHelpers", package: "swift-nio")

let package = Package(
    name: "benchmarks",
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2")
    ],
    targets: [
        .systemLibrary(name: "CSQLite"),
        .systemLibrary(name: "CZstd", path: "Rooms/CZstd"),
        .target(name: "CXXHash", path: "Rooms/CXXHash"),
        room("Concurrency", [lock]),
        room("Disk", [lock]),
        room("JSON", ["CXXHash"]),
        room("Zstd", ["CZstd", "CXXHash", lock]),
        room("SegmentLog", ["Disk", "JSON", "Zstd", lock]),
        room("Store", ["SegmentLog", "Disk", "JSON", "Concurrency", lock]),
        room("Catalog", ["Store", "JSON"]),
        .executableTarget(
            name: "ledge-bench",
            dependencies: ["Catalog", "Store", "Disk", "JSON", "CSQLite"],
            swiftSettings: settings
        ),
    ]
)
