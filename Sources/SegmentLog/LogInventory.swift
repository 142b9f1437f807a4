internal import Disk

/// Which files stand in a log's directory, held against the segments its manifest lists.
struct LogInventory {
    /// The manifest, where there is one that can be used; without it and without violations the log is new.
    private(set) var manifest: Manifest?
    private(set) var violations: [Corruption] = []
    /// Files that a crash left in the middle of rolling, sealing, merging or dropping; nothing in them counts.
    private(set) var leftoverPaths: [String] = []

    private let directory: String
    private var files: [File] = []

    /// A file of a segment.
    fileprivate struct File: Hashable {
        let id: SegmentID
        let form: SegmentName.Form
        var isUnfinished = false
    }

    /// Takes stock of the log `name`.
    init(log name: String, directory: String, on disk: any Disk) throws(StorageError) {
        self.directory = directory
        let manifestPath = "\(directory)/\(SegmentName.manifest)"
        var bytes: [UInt8]?
        // The server may be at work: the list belongs to the manifest only if that is the same before and after.
        while true {
            bytes = try disk.contents(of: manifestPath, byteCountMax: Manifest.byteCountMax)
            files = try disk.list(directory).compactMap(File.init)
            let isStable = try disk.contents(of: manifestPath, byteCountMax: Manifest.byteCountMax) == bytes
            if isStable { break }
        }

        guard let bytes else {
            // The first segment is made before the first manifest, so alone and empty it is no loss.
            var isNew = files.allSatisfy { $0 == File(id: SegmentID(first: 1), form: .plain) }
            if isNew, let first = files.first { isNew = try byteCount(first, on: disk) == 0 }
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

    /// The first sequences of the plain segments there are, in order.
    var plainSegments: [UInt64] {
        files.filter { $0.form == .plain && !$0.isUnfinished }.map(\.id.first)
    }

    /// The sealed segments there are, in order.
    var sealedSegments: [SegmentID] {
        files.filter { $0.form == .sealed && !$0.isUnfinished }.map(\.id)
    }

    /// Whether the manifest is missing, cannot be used, or does not list the segments there are.
    var isUnlike: Bool {
        violations.contains { violation in
            guard violation.reason == .missingSegment, let manifest else { return true }
            let listed = Set(manifest.segments.map(File.init))
            return sealedSegments.contains { !listed.contains(File(id: $0, form: .sealed)) }
        }
    }

    /// The segment whose plain lines belong at a path, where the manifest lists it.
    func plainSegment(at path: String) -> SegmentID? {
        manifest?.segments.lazy.map(File.init).first { $0.form == .plain && self.path($0) == path }?.id
    }

    /// Whether the file of a segment is there.
    func contains(_ segment: Manifest.Segment) -> Bool {
        files.contains(File(segment))
    }

    private mutating func compare(_ manifest: Manifest, on disk: any Disk) throws(StorageError) {
        let listed = Set(manifest.segments.map(File.init))
        for segment in manifest.segments where !contains(segment) {
            note(path(File(segment)), .missingSegment, segment.first)
        }
        for file in files where !listed.contains(file) {
            if try isLeftover(file, of: manifest, on: disk) {
                leftoverPaths.append(path(file))
            } else if file.form != .index || file.isUnfinished {
                note(path(file), .unlistedSegment, file.id.first)
            }
        }
    }

    /// Whether a crash may have left a file that the manifest does not list.
    ///
    /// Whatever is made of plain segments counts only once it is listed. A plain one is removed after what was made of
    /// it is listed, or after it was dropped: then the manifest has no plain segment where it belongs. One behind the
    /// active one is empty still.
    private func isLeftover(_ file: File, of manifest: Manifest, on disk: any Disk) throws(StorageError) -> Bool {
        guard !file.isUnfinished else { return true }
        switch file.form {
        case .sealed: return true
        case .index: return !manifest.closed.contains { $0.sealed != nil && $0.id == file.id }
        case .plain:
            let first = file.id.first
            if first > manifest.active.first { return try byteCount(file, on: disk) == 0 }
            return !manifest.closed.contains { $0.sealed == nil && ($0.first...$0.last).contains(first) }
        }
    }

    private mutating func note(_ path: String, _ reason: Corruption.Reason, _ sequence: UInt64? = nil) {
        violations.append(Corruption(path: path, offset: 0, sequence: sequence, reason: reason))
    }

    private func byteCount(_ file: File, on disk: any Disk) throws(StorageError) -> Int64 {
        try disk.entry(path(file))?.byteCount ?? 0
    }

    private func path(_ file: File) -> String {
        let suffix = file.isUnfinished ? SegmentName.unfinishedSuffix : ""
        return "\(directory)/\(SegmentName.make(file.id, file.form))\(suffix)"
    }
}

extension LogInventory.File {
    /// Reads a name; nil where it is no segment's.
    fileprivate init?(_ name: String) {
        let isUnfinished = name.hasSuffix(SegmentName.unfinishedSuffix)
        let finished = isUnfinished ? String(name.dropLast(SegmentName.unfinishedSuffix.count)) : name
        guard let (id, form) = SegmentName.parse(finished) else { return nil }
        self.init(id: id, form: form, isUnfinished: isUnfinished)
    }

    fileprivate init(_ segment: Manifest.Segment) {
        switch segment {
        case .active(let active): self.init(id: SegmentID(first: active.first), form: .plain)
        case .closed(let closed): self.init(id: closed.id, form: closed.sealed == nil ? .plain : .sealed)
        }
    }
}
