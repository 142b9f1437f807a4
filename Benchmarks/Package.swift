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

/// A module of Ledge, compiled from its own directory.
///
/// Modules are visible in their own package only, so a benchmark in a package of its own has to compile them;
/// `Modules` is a link to the directory they are in.
func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, path: "Modules/\(name)", swiftSettings: settings)
}

let lock = Target.Dependency.product(name: "NIOConcurrencyHelpers", package: "swift-nio")

let package = Package(
    name: "benchmarks",
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio.git", exact: "2.101.2")
    ],
    targets: [
        .systemLibrary(name: "CSQLite"),
        .systemLibrary(name: "CZstd", path: "Modules/CZstd"),
        .target(name: "CXXHash", path: "Modules/CXXHash"),
        module("Concurrency", [lock]),
        module("Disk", [lock]),
        module("JSON", ["CXXHash"]),
        module("Zstd", ["CZstd", "CXXHash", lock]),
        module("SegmentLog", ["Disk", "JSON", "Zstd", lock]),
        module("Index", ["SegmentLog", "Disk", "JSON", lock]),
        module("Store", ["Index", "SegmentLog", "Disk", "JSON", "Concurrency", lock]),
        module("Catalog", ["Store", "Index", "JSON"]),
        .executableTarget(
            name: "ledge-bench",
            dependencies: ["Catalog", "Store", "Index", "Disk", "JSON", "CSQLite"],
            swiftSettings: settings
        ),
    ]
)
