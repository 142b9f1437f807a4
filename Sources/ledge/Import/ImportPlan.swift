internal import Catalog
internal import Disk

/// The files that an import reads, by collection, in the order in which they are imported.
struct ImportPlan {
    /// The files of one collection.
    struct Part {
        let resource: Resource
        fileprivate(set) var files: [String]
    }

    /// A file of a dump that is not imported.
    struct Skipped {
        let name: String
        let reason: String
    }

    private(set) var parts: [Part]
    private(set) var skipped: [Skipped] = []
    /// Whether a directory is imported, with a summary for all collections.
    let isDump: Bool

    /// Plans the import of files into one collection.
    init(_ collection: String, _ files: [String], hasArtifacts: Bool) throws(CommandFailure) {
        guard let resource = Resource.named(collection) else {
            let names = Resource.all.map(\.name).joined(separator: ", ")
            throw CommandFailure("unknown collection '\(collection)'; the collections are \(names)")
        }
        guard hasArtifacts || !resource.hasFiles else {
            throw CommandFailure(
                "\(resource.name) have files; add --files DIRECTORY with the objects of FEDn's buckets, or use ledge upload"
            )
        }
        parts = [Part(resource: resource, files: files)]
        isDump = false
    }

    /// Plans the import of a directory with a file for each collection, such as `control.status.json`.
    init(dump directory: String, hasArtifacts: Bool) throws(CommandFailure) {
        isDump = true
        parts = []
        let disk = PosixDisk()
        var files: [Resource: [String]] = [:]
        guard try CommandFailure.wrap(disk.entry(directory))?.kind == .directory else {
            throw CommandFailure(
                "\(directory) is not a directory; name a collection and its files, or the directory of a dump"
            )
        }
        for name in try CommandFailure.wrap(disk.list(directory)).sorted() {
            let path = "\(directory)/\(name)"
            guard try CommandFailure.wrap(disk.entry(path))?.kind == .file else { continue }
            let stem = Self.suffixes.first(where: name.hasSuffix).map { String(name.dropLast($0.count)) }
            if let resource = stem.flatMap(Resource.named) {
                files[resource, default: []].append(path)
            } else {
                skipped.append(Skipped(name: name, reason: Self.reason(for: name)))
            }
        }
        // Sessions precede models, which take their helper from them.
        for resource in Resource.all {
            guard let names = files[resource] else { continue }
            if resource.hasFiles, !hasArtifacts {
                let reason = "add --files DIRECTORY with the objects of FEDn's buckets"
                skipped.append(Skipped(name: resource.name, reason: reason))
            } else {
                parts.append(Part(resource: resource, files: names))
            }
        }
        guard !parts.isEmpty else {
            let reasons = skipped.map { "\($0.name): \($0.reason)" }.joined(separator: "; ")
            throw CommandFailure(
                "\(directory) has no file of a collection, such as control.status.json or statuses.json"
                    + (reasons.isEmpty ? "" : " (\(reasons))")
            )
        }
    }

    private static let suffixes = [".json", ".jsonl", ".ndjson"]

    private static func reason(for name: String) -> String {
        name.hasSuffix(".bson") || name.hasSuffix(".gz")
            ? "not JSON; export it with mongoexport" : "Ledge has no such collection"
    }
}

extension Resource {
    /// Whether each document has a file that is imported with it.
    var hasFiles: Bool { blob?.isPermanent ?? false }
}
