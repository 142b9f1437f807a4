internal import Disk

/// Which segments stand in a log's directory, held against those its manifest lists.
struct LogInventory {
    /// The manifest, where there is one that can be used; without it and without violations the log is new.
    private(set) var manifest: Manifest?
    /// The first sequences of the segments there are, in order.
    private(set) var segments: [UInt64] = []
    private(set) var violations: [Corruption] = []
    /// Empty segments behind the active one: a crash stopped the rolling before the manifest listed them.
    private(set) var leftoverPaths: [String] = []

    private let directory: String

    /// Takes stock of the log `name`.
    init(log name: String, directory: String, on disk: any Disk) throws(DiskError) {
        self.directory = directory
        let manifestPath = "\(directory)/\(SegmentName.manifest)"
        var bytes: [UInt8]?
        // The server may be rolling: the list belongs to the manifest only if that is the same before and after.
        while true {
            bytes = try disk.contents(of: manifestPath, byteCountMax: Manifest.byteCountMax)
            segments = try disk.list(directory).compactMap(SegmentName.parse)
            let isStable = try disk.contents(of: manifestPath, byteCountMax: Manifest.byteCountMax) == bytes
            if isStable { break }
        }

        guard let bytes else {
            // The first segment is made before the first manifest, so alone and empty it is no loss.
            var isNew = segments.isEmpty || segments == [1]
            if isNew, let first = segments.first { isNew = try byteCount(first, on: disk) == 0 }
            if !isNew { note(manifestPath, .missingManifest) }
            return
        }
        switch Result(catching: { () throws(Corruption.Reason) in try Manifest.open(bytes, name: name) }) {
        case .success(let manifest):
            self.manifest = manifest
            try compare(manifest, on: disk)
        case .failure(let reason): note(manifestPath, reason)
        }
    }

    private mutating func compare(_ manifest: Manifest, on disk: any Disk) throws(DiskError) {
        let listed = manifest.closed.map(\.first) + [manifest.active.first]
        for first in listed where !segments.contains(first) { note(path(first), .missingSegment, first) }
        for first in segments where !listed.contains(first) {
            let isEmpty = try byteCount(first, on: disk) == 0
            if isEmpty, first > manifest.active.first {
                leftoverPaths.append(path(first))
            } else {
                note(path(first), .unlistedSegment, first)
            }
        }
    }

    private mutating func note(_ path: String, _ reason: Corruption.Reason, _ sequence: UInt64? = nil) {
        violations.append(Corruption(path: path, offset: 0, sequence: sequence, reason: reason))
    }

    private func byteCount(_ first: UInt64, on disk: any Disk) throws(DiskError) -> Int64 {
        try disk.entry(path(first))?.byteCount ?? 0
    }

    private func path(_ first: UInt64) -> String {
        "\(directory)/\(SegmentName.make(first))"
    }
}
