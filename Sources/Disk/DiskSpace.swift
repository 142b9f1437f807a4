internal import Dispatch
internal import Glibc
internal import NIOConcurrencyHelpers

/// Tracks whether the disk of a data directory is full, and holds the reserve that makes deletion possible on a full
/// disk.
///
/// The **reserve** is a file of preallocated, unused bytes. On a full disk, the file is emptied so that operations that
/// free space (which write tombstones and manifests) can run: the reserve is in use. Until it has been restored,
/// ``refusal`` rejects all other writes, so that they do not consume that space or the space that was freed.
///
/// A crash needs no recovery: opening extends or cuts the file to its full length. If the disk has no space for that,
/// the data directory is opened without it, as if the reserve were in use.
package final class DiskSpace: Sendable {
    /// The state of the reserve.
    package enum Reserve: Sendable, Hashable {
        /// No reserve is configured.
        case off
        case held
        case inUse
        /// It could not be created, for this reason.
        case missing(DiskError)
    }

    /// A snapshot of the state; times are in microseconds since 1970.
    package struct Status: Sendable, Hashable {
        package var reserve: Reserve
        /// When the reserve entered its current state.
        package var reserveMicroseconds: Int64
        /// The failure of the last write if it found no space; nil after a successful one.
        package var noSpace: DiskError?
        /// When writes began to find no space.
        package var noSpaceMicroseconds: Int64 = 0
    }

    package let path: String
    package let reserveByteCount: Int64
    private let directory: String
    private let disk: any Disk
    private let interval: Duration?
    private let now: @Sendable () -> Int64
    private let status: NIOLockedValueBox<Status>
    /// Serializes emptying and filling the file.
    private let queue = DispatchQueue(label: "ledge.reserve")
    /// The open file; touched on `queue` only.
    private let file = NIOLockedValueBox<File?>(nil)

    /// Creates the reserve of a data directory; blocks.
    ///
    /// A failure is not thrown but recorded in ``currentStatus``. With 0 bytes there is no reserve, and an existing one
    /// is removed; with nil an existing one is left unchanged and unused. A missing reserve is restored every
    /// `interval`; with nil only by ``restore()``.
    package init(
        in directory: String,
        reserveByteCount: Int64?,
        every interval: Duration?,
        on disk: any Disk,
        now: @escaping @Sendable () -> Int64
    ) {
        path = Self.path(in: directory)
        self.directory = directory
        let byteCount = reserveByteCount ?? 0
        self.reserveByteCount = byteCount
        self.disk = disk
        self.interval = interval
        self.now = now
        let reserve: Reserve = byteCount > 0 ? .missing(.noSpace(path)) : .off
        status = NIOLockedValueBox(Status(reserve: reserve, reserveMicroseconds: now()))
        guard byteCount > 0 else {
            if reserveByteCount == 0 { remove() }
            return
        }
        restore()
        if refusal != nil { scheduleRestoring() }
    }

    /// The path of the reserve of a data directory.
    package static func path(in directory: String) -> String { "\(directory)/reserve" }

    package var currentStatus: Status { status.withLockedValue { $0 } }

    /// How many bytes can still be written, without the reserve.
    package func freeByteCount() throws(StorageError) -> Int64 {
        try disk.freeByteCount(directory)
    }

    /// Why only operations that free space may write now; nil if all may.
    ///
    /// Does not block; callable from any thread.
    package var refusal: StorageError? {
        switch status.withLockedValue({ $0.reserve }) {
        case .off, .held: nil
        case .inUse: .disk(.noSpace(path))
        case .missing(let error): error.isNoSpace ? .disk(error) : nil
        }
    }

    /// Records that a write has found no space.
    package func note(_ failure: StorageError) {
        guard failure.isNoSpace, let call = failure.failedCall else { return }
        status.withLockedValue { status in
            if status.noSpace == nil { status.noSpaceMicroseconds = now() }
            status.noSpace = call
        }
    }

    /// Records that a write has succeeded.
    package func noteWritten() {
        status.withLockedValue { status in
            if status.noSpace != nil { status.noSpace = nil }
        }
    }

    /// Empties the reserve, so that its space can be used to free more; blocks.
    ///
    /// Does nothing if it is in use or missing.
    package func useReserve() {
        queue.sync {
            guard currentStatus.reserve == .held else { return }
            // Refuse other writes before the space is free, so that none can take it.
            change(to: .inUse)
            empty()
            scheduleRestoring()
        }
    }

    /// Restores the reserve if it is missing and the disk has space for it; blocks.
    package func restore() {
        queue.sync { fill() }
    }

    /// Runs an operation that frees space, and repeats it with the reserve if the disk is full; blocks.
    package func usingReserve<V>(_ body: @autoclosure () throws(StorageError) -> V) throws(StorageError) -> V {
        do {
            return try body()
        } catch {
            guard error.isNoSpace else { throw error }
            useReserve()
            return try body()
        }
    }

    private func change(to reserve: Reserve) {
        status.withLockedValue { status in
            guard status.reserve != reserve else { return }
            status.reserve = reserve
            status.reserveMicroseconds = now()
        }
    }

    /// Empties the file, which frees its space.
    private func empty() {
        dispatchPrecondition(condition: .onQueue(queue))
        do {
            try file.withLockedValue { $0 }?.truncate(to: 0)
            // The file system frees the blocks when it commits the truncation, at the latest on its own schedule.
            try file.withLockedValue { $0 }?.synchronize()
        } catch {}
    }

    /// Allocates the whole reserve or nothing.
    private func fill() {
        dispatchPrecondition(condition: .onQueue(queue))
        switch currentStatus.reserve {
        case .off, .held: return
        case .inUse, .missing: break
        }
        do throws(StorageError) {
            let file = try opened()
            let byteCount = try file.byteCount
            if byteCount > reserveByteCount { try file.truncate(to: reserveByteCount) }
            // Checking first leaves the free space to deletions that are under way.
            if try freeByteCount() < reserveByteCount - byteCount {
                if byteCount > 0 { empty() }
                throw .disk(.noSpace(path))
            }
            do throws(StorageError) {
                try file.allocate(to: reserveByteCount)
            } catch {
                empty()
                throw error
            }
            change(to: .held)
        } catch {
            // A reserve that is in use and finds no space yet stays in use.
            if currentStatus.reserve != .inUse || !error.isNoSpace { lack(error) }
        }
    }

    private func opened() throws(StorageError) -> File {
        if let file = file.withLockedValue({ $0 }) { return file }
        let opened = try File(path, .updateOrCreate, on: disk)
        file.withLockedValue { $0 = opened }
        return opened
    }

    /// Removes the reserve of an earlier process.
    private func remove() {
        do throws(StorageError) {
            if try disk.entry(path) != nil { try disk.remove(path) }
        } catch {
            lack(error)
        }
    }

    private func lack(_ error: StorageError) {
        if let call = error.failedCall { change(to: .missing(call)) }
    }

    private func scheduleRestoring() {
        guard let interval else { return }
        let delay = DispatchTimeInterval.milliseconds(Int(interval / .milliseconds(1)))
        queue.asyncAfter(deadline: .now() + delay) { [weak self] in
            guard let self else { return }
            self.fill()
            if self.refusal != nil { self.scheduleRestoring() }
        }
    }
}

extension DiskError {
    fileprivate static func noSpace(_ path: String) -> DiskError {
        DiskError(call: .fallocate, path: path, code: ENOSPC)
    }
}
