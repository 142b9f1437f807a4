internal import Disk
internal import NIOConcurrencyHelpers

/// The segments a log has, and those of them that are open for reading: few at a time, however many there are.
///
/// Reading needs no lock against the writer: a pointer is handed out after its line was synced, and durable bytes
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
        /// How each segment is kept that may be read; nil stands for plain lines.
        var listed: [SegmentID: Manifest.Closed?] = [:]
        var opened: [SegmentID: (segment: Opened, lastUse: UInt64)] = [:]
        var useCount: UInt64 = 0
    }

    /// Enough for years of telemetry, and far below what `ledge serve` raises the limit of descriptors to; each costs the
    /// table of its frames, about 100 KB for 64 MiB of lines.
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

    /// Lets a closed segment be read, as it is listed now.
    func list(_ closed: Manifest.Closed) {
        state.withLockedValue { state in
            state.listed[closed.id] = .some(closed.sealed == nil ? nil : closed)
            state.opened[closed.id] = nil
        }
    }

    /// Lets a new active segment be read.
    func list(_ id: SegmentID) {
        state.withLockedValue { $0.listed[id] = .some(nil) }
    }

    /// Forgets segments; their files close when the last reader is done.
    func retire(_ ids: [SegmentID]) {
        state.withLockedValue { state in
            for id in ids {
                state.listed[id] = nil
                state.opened[id] = nil
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
                // Between the look and the opening it may have been sealed, merged or dropped.
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
                let oldest = state.opened.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                state.opened[oldest.key] = nil
            }
            // Not what was replaced meanwhile.
            if let listed = state.listed[id], (listed == nil) == segment.isPlain {
                state.opened[id] = (segment, state.useCount)
            }
        }
    }
}

extension SegmentFiles.State {
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
