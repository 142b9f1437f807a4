package import Disk
internal import JSON

/// Repairs a damaged log: afterwards it has every record that can still be read, and every line verifies.
///
/// Planning reads all of the log once, as a ``LogScan``, and changes nothing. It decides:
///
/// - single flipped bits in plain lines are restored, and nothing is lost;
/// - a segment with any other damage is rewritten, sealed and of the next generation, without the lost records; closed
///   segments before it are sealed, because sealed segments come first;
/// - a manifest that is missing, damaged or does not list these segments is rebuilt from them.
///
/// New files are complete and durable before the manifest lists them, and old ones are removed after that: a crash
/// during it leaves a log that can be repaired again. Lost records leave gaps in the sequences, as merging does.
package struct LogRepair {
    /// One step of a repair.
    package enum Step: Sendable, Hashable {
        /// Flipped bits are restored in the bytes at these offsets.
        case restoreBits(path: String, offsets: [Int64])
        /// A segment is rewritten with the records that can be read.
        case salvage(path: String, keptCount: Int, damage: [Corruption])
        /// An undamaged segment is compressed, because one after it is rewritten.
        case seal(path: String)
        /// The list of segments is rebuilt.
        case relist(path: String, damage: [Corruption])
        /// A file is removed whose records are in others, or that is not a segment of this log.
        case remove(path: String)

        /// The file that it changes.
        package var path: String {
            switch self {
            case .restoreBits(let path, _), .salvage(let path, _, _), .seal(let path), .relist(let path, _),
                .remove(let path):
                path
            }
        }
    }

    /// The sealed segments that the manifest lists, before the repair.
    package let sealedSegments: [SegmentSummary]
    package private(set) var steps: [Step] = []
    /// Files that applying replaces or removes.
    package private(set) var touchedPaths: [String] = []
    /// Files that applying creates.
    package private(set) var createdPaths: [String] = []

    private enum Part {
        case keep(Manifest.Closed)
        /// Rewritten, as a sealed segment of this id.
        case rewrite(SegmentDamage, as: SegmentID)
    }

    private let options: SegmentLog.Options
    private let disk: any Disk
    private var parts: [Part] = []
    private var flipped: [SegmentDamage] = []
    private var active = Manifest.Active(first: 1, byteCount: 0)
    private var createsActive = false
    private var removedPaths: [String] = []
    /// Indexes of rewritten segments; they are derived, and the next start rebuilds them.
    private var indexPaths: [String] = []

    /// Reads the log `name` in `directory` and plans its repair.
    ///
    /// - Throws: ``StorageError/corrupt(_:)`` for a manifest of a later build's format; ``StorageError/disk(_:)``.
    package init(log name: String, directory: String, on disk: any Disk) throws(StorageError) {
        options = SegmentLog.Options(name: name, directory: directory)
        self.disk = disk
        let log = try LogScan(options, on: disk)
        sealedSegments = log.sealedSegments
        for violation in log.listing.violations {
            if case .unsupportedFormat = violation.reason { throw .corrupt(violation) }
        }
        if log.listing.needsManifest {
            try relist(log)
        } else if let manifest = log.listing.manifest {
            let segments = try manifest.segments.map { segment throws(StorageError) in
                try SegmentDamage(segment, of: log, on: disk)
            }
            decide(segments.dropLast(), segments.last)
        }
    }

    private var manifestPath: String { "\(options.directory)/\(SegmentName.manifest)" }

    /// Whether the manifest changes.
    private var changesManifest: Bool {
        steps.contains { step in
            switch step {
            case .salvage, .seal, .relist: true
            case .restoreBits, .remove: false
            }
        }
    }
}

// MARK: Deciding

extension LogRepair {
    /// Decides what is done with each segment.
    private mutating func decide(_ closed: ArraySlice<SegmentDamage>, _ active: SegmentDamage?) {
        // Sealed segments come first, and only after them may a gap follow.
        let nexts = closed.dropFirst().map(\.id.first) + [active.map(\.id.first)].compactMap(\.self)
        let lastSealed = closed.indices.last { position in
            let isFollowed = position == nexts.endIndex || nexts[position] == closed[position].last + 1
            return closed[position].isLossy || closed[position].listed.isSealed || !isFollowed
        }
        let sealedEnd = lastSealed.map { $0 + 1 } ?? 0
        for (position, segment) in zip(closed.indices, closed) {
            if segment.isLossy {
                salvage(segment)
            } else if position < sealedEnd || active?.isLossy ?? true, !segment.listed.isSealed {
                steps.append(.seal(path: segment.path))
                rewrite(segment, as: segment.id)
            } else if case .closed(let listed) = segment.listed {
                restoreBits(of: segment)
                parts.append(.keep(listed))
            }
        }
        if let active, !active.isLossy {
            restoreBits(of: active)
            self.active = Manifest.Active(first: active.id.first, byteCount: active.listed.byteCount)
        } else {
            if let active { salvage(active) }
            begin(after: active?.last ?? closed.last?.last ?? 0)
        }
        if changesManifest { touchedPaths.append(manifestPath) }
    }

    private mutating func restoreBits(of segment: SegmentDamage) {
        guard !segment.flips.isEmpty else { return }
        steps.append(.restoreBits(path: segment.path, offsets: segment.flips.keys.sorted()))
        touchedPaths.append(segment.path)
        flipped.append(segment)
    }

    private mutating func salvage(_ segment: SegmentDamage) {
        steps.append(.salvage(path: segment.path, keptCount: segment.keptCount, damage: segment.damage))
        rewrite(segment, as: SegmentID(first: segment.id.first, generation: segment.id.generation + 1))
    }

    private mutating func rewrite(_ segment: SegmentDamage, as id: SegmentID) {
        parts.append(.rewrite(segment, as: id))
        if !segment.isMissing { remove(segment.path) }
        if segment.listed.isSealed { indexPaths.append(path(segment.id, .index)) }
        if segment.keptCount > 0 { createdPaths.append(path(id, .sealed)) }
    }

    private mutating func remove(_ path: String) {
        removedPaths.append(path)
        touchedPaths.append(path)
    }

    /// Adds an empty active segment, whose first sequence was never used.
    private mutating func begin(after last: UInt64) {
        active = Manifest.Active(first: last + 1, byteCount: 0)
        createsActive = true
        createdPaths.append(path(SegmentID(first: active.first), .plain))
    }

    private func path(_ id: SegmentID, _ form: SegmentName.Form) -> String {
        "\(options.directory)/\(SegmentName.make(id, form))"
    }

    /// Rebuilds the list of segments from the files that exist.
    ///
    /// Of files with the same sequences the one of the highest generation is listed: it was made from the others.
    private mutating func relist(_ log: LogScan) throws(StorageError) {
        steps.append(.relist(path: manifestPath, damage: log.listing.violations))
        var segments: [SegmentDamage] = []
        let sealed = log.listing.segments(.sealed).sorted { ($1.generation, $0.first) < ($0.generation, $1.first) }
        for id in sealed {
            let segment = try SegmentDamage(unlistedSealed: id, of: log, on: disk)
            if segment.keptCount == 0 || segments.contains(where: { $0.holds(id.first) }) {
                drop(segment.path)
            } else {
                segments.append(segment)
            }
        }
        for id in log.listing.segments(.plain) {
            let segment = try SegmentDamage(unlistedPlain: id, of: log, on: disk)
            // Only a sealed segment replaces others; where a plain one ended that has lost records is unknown.
            let isReplaced = segments.contains { $0.listed.isSealed && $0.holds(id.first) }
            if isReplaced { drop(segment.path) } else { segments.append(segment) }
        }
        segments.sort { $0.id < $1.id }
        let active = segments.last.flatMap { $0.listed.isSealed ? nil : $0 }
        var closed = active == nil ? segments[...] : segments.dropLast()
        for position in closed.indices {
            let next = position + 1 < segments.count ? segments[position + 1].id.first : nil
            closed[position].close(before: next)
        }
        decide(closed, active)
    }

    private mutating func drop(_ path: String) {
        steps.append(.remove(path: path))
        remove(path)
    }
}

// MARK: Applying

extension LogRepair {
    /// Applies the plan, after the caller has copied the touched files.
    ///
    /// - Throws: ``StorageError/disk(_:)``; then the log can be planned and repaired again.
    package func apply() throws(StorageError) {
        for segment in flipped { try rewriteBits(of: segment) }
        guard changesManifest else { return }
        let manifest = try manifest()
        try publish(manifest)
    }

    /// Writes the new segments and lists them.
    private func manifest() throws(StorageError) -> Manifest {
        var manifest = Manifest(name: options.name, active: active)
        for part in parts {
            switch part {
            case .keep(let closed): manifest.closed.append(closed)
            case .rewrite(let segment, let id):
                if let closed = try write(segment, as: id) { manifest.closed.append(closed) }
            }
        }
        return manifest
    }

    /// Puts the new segments into effect, and removes the old ones.
    private func publish(_ manifest: Manifest) throws(StorageError) {
        if createsActive {
            _ = try File(path(SegmentID(first: active.first), .plain), .updateOrCreate, on: disk)
            try disk.synchronizeDirectory(options.directory)
        }
        try disk.publish(manifest.bytes, at: manifestPath)
        // A new file can have the name of an old one that was unreadable.
        for path in removedPaths where !createdPaths.contains(path) { try disk.remove(path) }
        for path in indexPaths {
            if try disk.entry(path) != nil { try disk.remove(path) }
        }
        try disk.synchronizeDirectory(options.directory)
    }

    /// Rewrites a plain segment with its flipped bits restored.
    private func rewriteBits(of segment: SegmentDamage) throws(StorageError) {
        let old = try File(segment.path, .read, on: disk)
        try disk.publish(at: segment.path) { new throws(StorageError) in
            var offset: Int64 = 0
            while true {
                var bytes = try old.bytes(at: offset, count: 1 << 20)
                guard !bytes.isEmpty else { break }
                for (place, byte) in segment.flips where (offset..<offset + Int64(bytes.count)).contains(place) {
                    bytes[Int(place - offset)] = byte
                }
                try new.write(bytes, at: offset)
                offset += Int64(bytes.count)
            }
        }
    }

    /// Writes the readable records of a segment as a sealed one; nil if there are none.
    private func write(_ segment: SegmentDamage, as id: SegmentID) throws(StorageError) -> Manifest.Closed? {
        guard segment.keptCount > 0 else { return nil }
        var writer = try SealedWriter(id, directory: options.directory, options.frameCache.contexts, on: disk)
        let seed = RecordLine.seed(log: options.name, segment: id)
        var line: [UInt8] = []
        do throws(StorageError) {
            // Read a second time, so that memory stays bounded: planning keeps no records.
            var scan = try SegmentScan(segment.listed, options, isSalvaging: true, on: disk)
            while let finding = try scan.next() {
                guard let entry = finding.entry else { continue }
                line.removeAll(keepingCapacity: true)
                RecordLine.reseal(entry.line, seed: seed &+ UInt64(bitPattern: writer.byteCount), to: &line)
                try writer.append(line[...], at: entry.at)
            }
            return try writer.finish(last: segment.last)
        } catch {
            writer.discard()
            throw error
        }
    }
}
