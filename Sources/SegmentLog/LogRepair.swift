package import Disk
internal import JSON

/// Makes a damaged log whole: every record that can still be read, in segments of which every line verifies.
///
/// Planning reads all of the log and changes nothing. What it decides:
///
/// - where single bits flipped in plain lines, they are turned back, and nothing is lost;
/// - a segment of which anything else is damaged is written again, sealed and of the next generation, without what is
///   lost; closed segments before it that are not sealed yet are sealed, because sealed ones come first;
/// - a manifest that is missing, damaged or not that of these segments is made again from what they hold.
///
/// New files are complete and durable before the manifest lists them, and old ones are removed after that: a crash in
/// between leaves a log that can be repaired again. Records that were lost leave gaps in the sequences, as merging does.
package struct LogRepair {
    /// One thing that is to be done.
    package enum Step: Sendable, Hashable {
        /// Bits that flipped are turned back in the bytes at these offsets.
        case turnBack(path: String, offsets: [Int64])
        /// A segment is written again with the records that can be read.
        case salvage(path: String, keptCount: Int, damage: [Corruption])
        /// A whole segment is compressed, because one behind it will be.
        case seal(path: String)
        /// The list of segments is made again.
        case relist(path: String, damage: [Corruption])
        /// A file is removed whose records stand in others, or that is no segment of this log.
        case remove(path: String)
    }

    package private(set) var steps: [Step] = []
    /// Files that applying replaces or removes.
    package private(set) var touchedPaths: [String] = []
    /// Files that it makes.
    package private(set) var createdPaths: [String] = []

    private enum Part {
        case keep(Manifest.Closed)
        /// Write it again, as a sealed segment of this id.
        case rewrite(SegmentSurvey, as: SegmentID)
    }

    private let options: SegmentLog.Options
    private let disk: any Disk
    private var parts: [Part] = []
    private var flipped: [SegmentSurvey] = []
    private var active = Manifest.Active(first: 1, byteCount: 0)
    private var makesActive = false
    private var removedPaths: [String] = []
    /// Indexes of segments that are written again; they are derived, and nobody misses them.
    private var indexPaths: [String] = []

    /// Reads the log `name` in `directory` and decides what it takes to make it whole.
    ///
    /// - Throws: ``StorageError/corrupt(_:)`` for a manifest of a later build's format; ``StorageError/disk(_:)`` where a
    ///   file cannot be read.
    package init(log name: String, directory: String, on disk: any Disk) throws(StorageError) {
        options = SegmentLog.Options(name: name, directory: directory)
        self.disk = disk
        let inventory = try LogInventory(log: name, directory: directory, on: disk)
        for violation in inventory.violations {
            if case .unsupportedFormat = violation.reason { throw .corrupt(violation) }
        }
        if inventory.isUnlike {
            try relist(inventory)
        } else if let manifest = inventory.manifest {
            let closed = try manifest.closed.map { closed throws(StorageError) in
                try SegmentSurvey(.closed(closed), options, on: disk)
            }
            decide(closed, try SegmentSurvey(.active(manifest.active), options, on: disk))
        }
    }

    private var manifestPath: String { "\(options.directory)/\(SegmentName.manifest)" }

    /// Whether the manifest changes.
    private var changesManifest: Bool {
        steps.contains { step in
            switch step {
            case .salvage, .seal, .relist: true
            case .turnBack, .remove: false
            }
        }
    }
}

// MARK: Deciding

extension LogRepair {
    /// Decides what becomes of each segment.
    private mutating func decide(_ closed: [SegmentSurvey], _ active: SegmentSurvey?) {
        // Sealed segments come first, and a gap may follow on them only.
        let nexts = closed.dropFirst().map(\.id.first) + [active.map(\.id.first)].compactMap(\.self)
        let lastSealed = closed.indices.last { position in
            let isFollowed = position == nexts.endIndex || nexts[position] == closed[position].last + 1
            return closed[position].isLossy || closed[position].segment.isSealed || !isFollowed
        }
        let sealedEnd = lastSealed.map { $0 + 1 } ?? 0
        for (position, survey) in closed.enumerated() {
            if survey.isLossy {
                salvage(survey)
            } else if position < sealedEnd || active?.isLossy ?? true, !survey.segment.isSealed {
                steps.append(.seal(path: survey.path))
                rewrite(survey, as: survey.id)
            } else if case .closed(let listed) = survey.segment {
                turnBack(survey)
                parts.append(.keep(listed))
            }
        }
        if let active, !active.isLossy {
            turnBack(active)
            self.active = Manifest.Active(first: active.id.first, byteCount: active.segment.byteCount)
        } else {
            if let active { salvage(active) }
            begin(behind: active?.last ?? closed.last?.last ?? 0)
        }
        if changesManifest { touchedPaths.append(manifestPath) }
    }

    private mutating func turnBack(_ survey: SegmentSurvey) {
        guard !survey.flips.isEmpty else { return }
        steps.append(.turnBack(path: survey.path, offsets: survey.flips.keys.sorted()))
        touchedPaths.append(survey.path)
        flipped.append(survey)
    }

    private mutating func salvage(_ survey: SegmentSurvey) {
        steps.append(.salvage(path: survey.path, keptCount: survey.keptCount, damage: survey.damage))
        rewrite(survey, as: SegmentID(first: survey.id.first, generation: survey.id.generation + 1))
    }

    private mutating func rewrite(_ survey: SegmentSurvey, as id: SegmentID) {
        parts.append(.rewrite(survey, as: id))
        if !survey.isMissing { remove(survey.path) }
        if survey.segment.isSealed { indexPaths.append(path(survey.id, .index)) }
        if survey.keptCount > 0 { createdPaths.append(path(id, .sealed)) }
    }

    private mutating func remove(_ path: String) {
        removedPaths.append(path)
        touchedPaths.append(path)
    }

    /// Makes an empty active segment, whose first sequence nobody has had.
    private mutating func begin(behind last: UInt64) {
        active = Manifest.Active(first: last + 1, byteCount: 0)
        makesActive = true
        createdPaths.append(path(SegmentID(first: active.first), .plain))
    }

    private func path(_ id: SegmentID, _ form: SegmentName.Form) -> String {
        "\(options.directory)/\(SegmentName.make(id, form))"
    }

    /// Makes the list of segments again from the files there are.
    ///
    /// Of files that hold the same sequences the one of the highest generation counts: it was made of the others.
    private mutating func relist(_ inventory: LogInventory) throws(StorageError) {
        steps.append(.relist(path: manifestPath, damage: inventory.violations))
        var surveys: [SegmentSurvey] = []
        let sealed = inventory.sealedSegments.sorted { ($1.generation, $0.first) < ($0.generation, $1.first) }
        for id in sealed {
            let survey = try SegmentSurvey(walking: id, options, on: disk)
            if survey.keptCount == 0 || surveys.contains(where: { $0.holds(id.first) }) {
                setAside(survey.path)
            } else {
                surveys.append(survey)
            }
        }
        for first in inventory.plainSegments {
            let survey = try SegmentSurvey(unlisted: first, options, on: disk)
            // Only a sealed one was made of others; where a plain one ends that has lost records, nobody knows.
            let isReplaced = surveys.contains { $0.segment.isSealed && $0.holds(first) }
            if isReplaced { setAside(survey.path) } else { surveys.append(survey) }
        }
        surveys.sort { $0.id < $1.id }
        let active = surveys.last.flatMap { $0.segment.isSealed ? nil : $0 }
        var closed = active == nil ? surveys : surveys.dropLast()
        for position in closed.indices {
            let next = position + 1 < surveys.count ? surveys[position + 1].id.first : nil
            closed[position].close(before: next)
        }
        decide(Array(closed), active)
    }

    private mutating func setAside(_ path: String) {
        steps.append(.remove(path: path))
        remove(path)
    }
}

// MARK: Applying

extension LogRepair {
    /// Does it; the caller has kept what is touched.
    ///
    /// - Throws: ``StorageError/disk(_:)``; it may be planned and tried again then.
    package func apply() throws(StorageError) {
        for survey in flipped { try mend(survey) }
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
            case .rewrite(let survey, let id):
                if let closed = try write(survey, as: id) { manifest.closed.append(closed) }
            }
        }
        return manifest
    }

    /// Lets the new segments count, and removes the old ones.
    private func publish(_ manifest: Manifest) throws(StorageError) {
        if makesActive {
            _ = try File(path(SegmentID(first: active.first), .plain), .updateOrCreate, on: disk)
            try disk.synchronizeDirectory(options.directory)
        }
        try disk.publish(manifest.bytes, at: manifestPath)
        // A new file may have taken the name of one that nothing could be read of.
        for path in removedPaths where !createdPaths.contains(path) { try disk.remove(path) }
        for path in indexPaths {
            if try disk.entry(path) != nil { try disk.remove(path) }
        }
        try disk.synchronizeDirectory(options.directory)
    }

    /// Writes a plain segment again with the bits turned back.
    private func mend(_ survey: SegmentSurvey) throws(StorageError) {
        let old = try File(survey.path, .read, on: disk)
        try disk.publish(at: survey.path) { new throws(StorageError) in
            var offset: Int64 = 0
            while true {
                var bytes = try old.bytes(at: offset, count: 1 << 20)
                guard !bytes.isEmpty else { break }
                for (place, byte) in survey.flips where (offset..<offset + Int64(bytes.count)).contains(place) {
                    bytes[Int(place - offset)] = byte
                }
                try new.write(bytes, at: offset)
                offset += Int64(bytes.count)
            }
        }
    }

    /// Writes the records of a segment that can be read as a sealed one; nil where there are none.
    private func write(_ survey: SegmentSurvey, as id: SegmentID) throws(StorageError) -> Manifest.Closed? {
        guard survey.keptCount > 0 else { return nil }
        var writer = try SealedWriter(id, directory: options.directory, options.frameCache.contexts, on: disk)
        let seed = RecordLine.seed(log: options.name, segment: id)
        var line: [UInt8] = []
        do throws(StorageError) {
            try survey.readAgain(options, on: disk) { entry throws(StorageError) in
                line.removeAll(keepingCapacity: true)
                RecordLine.reseal(entry.line, seed: seed &+ UInt64(bitPattern: writer.byteCount), to: &line)
                try writer.append(line[...], at: entry.at)
            }
            return try writer.finish(last: survey.last)
        } catch {
            writer.discard()
            throw error
        }
    }
}
