internal import Disk

/// The files of a log's directory, compared with the segments that its manifest lists.
struct SegmentListing {
    /// The manifest, if there is one that can be used; a log without it and without violations is new.
    private(set) var manifest: Manifest?
    private(set) var violations: [Corruption] = []
    /// Files that a crash left while segments were rolled, sealed, merged or dropped; none of their content is in effect.
    private(set) var leftoverPaths: [String] = []

    private let directory: String
    private var files: [File] = []

    /// A file of a segment.
    fileprivate struct File: Hashable {
        let id: SegmentID
        let form: SegmentName.Form
        var isUnfinished = false
    }

    /// Lists the directory of the log `name`, and reads its manifest.
    ///
    /// A server may change both meanwhile: what was found in the directory counts only if the manifest is the same
    /// before and afterwards.
    /// - Throws: ``StorageError/disk(_:)``.
    init(log name: String, directory: String, on disk: any Disk) throws(StorageError) {
        let path = "\(directory)/\(SegmentName.manifest)"
        var bytes = try disk.contents(of: path, byteCountMax: Manifest.byteCountMax)
        while true {
            let listing = try SegmentListing(of: bytes, log: name, directory, on: disk)
            let current = try disk.contents(of: path, byteCountMax: Manifest.byteCountMax)
            guard current != bytes else {
                self = listing
                return
            }
            bytes = current
        }
    }

    /// Compares the directory with the bytes of a manifest; nil if there is none.
    private init(
        of bytes: [UInt8]?,
        log name: String,
        _ directory: String,
        on disk: any Disk
    ) throws(StorageError) {
        self.directory = directory
        files = try disk.list(directory).compactMap(File.init)
        let path = "\(directory)/\(SegmentName.manifest)"
        guard let bytes else {
            // The first segment is created before the first manifest: if it is alone and empty, nothing is lost.
            var isNew = files.allSatisfy { $0 == File(id: SegmentID(first: 1), form: .plain) }
            if isNew, let first = files.first { isNew = try byteCount(first, on: disk) == 0 }
            if !isNew { note(path, .missingManifest) }
            return
        }
        switch Result(catching: { () throws(Corruption.Reason) in try Manifest.open(bytes, name: name) }) {
        case .success(let manifest):
            self.manifest = manifest
            try compare(manifest, on: disk)
        case .failure(let reason): note(path, reason)
        }
    }

    /// The segments that have a file of this form, in order.
    func segments(_ form: SegmentName.Form) -> [SegmentID] {
        files.filter { $0.form == form && !$0.isUnfinished }.map(\.id)
    }

    /// Whether the manifest is missing, cannot be used, or does not list the segments that exist.
    var needsManifest: Bool {
        violations.contains { violation in
            guard violation.reason == .missingSegment, let manifest else { return true }
            let listed = Set(manifest.segments.filter(\.isSealed).map(\.id))
            return segments(.sealed).contains { !listed.contains($0) }
        }
    }

    /// The segment that the manifest lists as plain lines in the file at a path.
    func plainSegment(at path: String) -> SegmentID? {
        manifest?.segments.lazy.map(File.init).first { $0.form == .plain && self.path($0) == path }?.id
    }

    /// Whether the file of a segment exists.
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
    /// A sealed segment takes effect when it is listed. A plain one is removed after the manifest lists the sealed
    /// segment in its place, or none: then the manifest has no plain segment of those sequences. One after the active
    /// segment is still empty.
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

extension SegmentListing.File {
    /// Parses a name; nil if it is not the name of a segment's file.
    fileprivate init?(_ name: String) {
        let isUnfinished = name.hasSuffix(SegmentName.unfinishedSuffix)
        let finished = isUnfinished ? String(name.dropLast(SegmentName.unfinishedSuffix.count)) : name
        guard let (id, form) = SegmentName.parse(finished) else { return nil }
        self.init(id: id, form: form, isUnfinished: isUnfinished)
    }

    fileprivate init(_ segment: Manifest.Segment) {
        self.init(id: segment.id, form: segment.form)
    }
}
