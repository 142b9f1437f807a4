internal import Disk
internal import NIOConcurrencyHelpers

/// The segments of a log, and a limited number of them that are open for reading.
///
/// Reading needs no lock against the writer: pointers are returned after their lines were synced, and durable bytes
/// never change.
final class SegmentFiles: Sendable {
    /// A segment, open for reading.
    enum Opened {
        /// Plain lines.
        case plain(File)
        /// Frames of lines.
        case sealed(SealedFile)

        var path: String {
            switch self {
            case .plain(let file): file.path
            case .sealed(let file): file.path
            }
        }
    }

    fileprivate struct State {
        /// The segments that may be read, with their entries in the manifest; nil for plain lines.
        var listed: [SegmentID: Manifest.Closed?] = [:]
        var opened: [SegmentID: (segment: Opened, lastUse: UInt64)] = [:]
        var useCount: UInt64 = 0
        /// How many pins a segment has.
        var pinCounts: [SegmentID: Int] = [:]
        /// Segments that are removed when their last pin is released; they stay open, because their files are deleted.
        var retired: Set<SegmentID> = []
    }

    /// The maximum number of open segments: enough for years of telemetry, and far below the limit of descriptors that
    /// `ledge serve` sets; each needs memory for its seek table, about 100 KB for 64 MiB of lines.
    private static let openCountMax = 128

    private let directory: String
    private let cache: FrameCache
    private let disk: any Disk
    private let state = NIOLockedValueBox(State())

    init(_ manifest: Manifest, directory: String, _ cache: FrameCache, on disk: any Disk) {
        self.directory = directory
        self.cache = cache
        self.disk = disk
        for closed in manifest.closed { list(closed) }
        list(SegmentID(first: manifest.active.first))
    }

    /// Makes a closed segment readable in its current form.
    func list(_ closed: Manifest.Closed) {
        state.withLockedValue { state in
            state.listed[closed.id] = .some(closed.sealed == nil ? nil : closed)
            state.opened[closed.id] = nil
        }
    }

    /// Makes a new active segment readable.
    func list(_ id: SegmentID) {
        state.withLockedValue { $0.listed[id] = .some(nil) }
    }

    /// Removes segments; their files are closed after the last read, those of pinned ones with the last pin.
    func retire(_ ids: [SegmentID]) {
        let pinned = state.withLockedValue { state in
            state.retired.formUnion(ids)
            return ids.filter { state.pinCounts[$0] != nil }
        }
        for id in pinned {
            // A file that cannot be opened now cannot be read later: its reader gets an error.
            do throws(StorageError) { _ = try segment(id) } catch {}
        }
        state.withLockedValue { state in
            for id in ids where state.pinCounts[id] == nil { state.remove(id) }
        }
    }

    /// Keeps segments readable until ``unpin(_:)``, also after they were retired.
    ///
    /// - Throws: ``StorageError/retired`` if one of them was.
    func pin(_ ids: [SegmentID]) throws(StorageError) {
        let isPinned = state.withLockedValue { state in
            guard ids.allSatisfy({ state.listed[$0] != nil && !state.retired.contains($0) }) else { return false }
            for id in ids { state.pinCounts[id, default: 0] += 1 }
            return true
        }
        if !isPinned { throw .retired }
    }

    func unpin(_ ids: [SegmentID]) {
        state.withLockedValue { state in
            for id in ids {
                guard let count = state.pinCounts[id], count == 1 else {
                    state.pinCounts[id]? -= 1
                    continue
                }
                state.pinCounts[id] = nil
                if state.retired.contains(id) { state.remove(id) }
            }
        }
    }

    /// Returns a segment for reading.
    ///
    /// - Throws: ``StorageError/retired``; as ``SealedFile`` does; ``StorageError/disk(_:)``.
    func segment(_ id: SegmentID) throws(StorageError) -> Opened {
        while true {
            let (opened, listed) = state.withLockedValue { $0.use(id) }
            if let opened { return opened }
            guard let listed else { throw .retired }
            do throws(StorageError) {
                let segment = try open(id, listed)
                keep(segment, as: id)
                return segment
            } catch {
                // Between the lookup and the opening it may have been sealed, merged or dropped.
                let isSame = state.withLockedValue { $0.listed[id] == .some(listed) }
                if isSame { throw error }
            }
        }
    }

    private func open(_ id: SegmentID, _ sealed: Manifest.Closed?) throws(StorageError) -> Opened {
        if let sealed {
            return .sealed(try SealedFile(sealed, directory: directory, cache.contexts, on: disk))
        }
        return .plain(try File("\(directory)/\(SegmentName.make(id))", .read, on: disk))
    }

    private func keep(_ segment: Opened, as id: SegmentID) {
        state.withLockedValue { state in
            if state.opened.count >= Self.openCountMax,
                let oldest = state.opened.filter({ !state.retired.contains($0.key) })
                    .min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                state.opened[oldest.key] = nil
            }
            // Unless it was replaced in the meantime.
            if let listed = state.listed[id], (listed == nil) == segment.isPlain {
                state.opened[id] = (segment, state.useCount)
            }
        }
    }
}

extension SegmentFiles.State {
    fileprivate mutating func remove(_ id: SegmentID) {
        listed[id] = nil
        opened[id] = nil
        retired.remove(id)
    }

    fileprivate mutating func use(_ id: SegmentID) -> (opened: SegmentFiles.Opened?, listed: Manifest.Closed??) {
        useCount += 1
        guard let found = opened[id] else { return (nil, listed[id]) }
        opened[id]?.lastUse = useCount
        return (found.segment, listed[id])
    }
}

extension SegmentFiles.Opened {
    fileprivate var isPlain: Bool {
        if case .plain = self { true } else { false }
    }
}
