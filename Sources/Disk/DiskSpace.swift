internal import Dispatch
internal import Glibc
internal import NIOConcurrencyHelpers

/// Whether the disk of a data directory has room, and the reserve that lets things be removed from it when it has none.
///
/// The **reserve** is a file of preallocated bytes that mean nothing. Where the disk is full it is lent to whatever frees
/// space, tombstones and manifests among them: the file is emptied. Until it has been made again, ``refusal`` keeps
/// everything else from the disk, so that nobody takes the space that was lent, or freed with it.
///
/// It needs no care after a crash: whatever length the file has then, opening makes it as long as it should be. Where
/// the disk has no room for that, opening goes on without, as if it had been lent.
package final class DiskSpace: Sendable {
    /// Where the reserve is.
    package enum Reserve: Sendable, Hashable {
        /// None is wanted.
        case off
        case held
        case lent
        /// It could not be made, for this reason.
        case missing(DiskError)
    }

    /// What is known at one moment; times are in microseconds since 1970.
    package struct Status: Sendable, Hashable {
        package var reserve: Reserve
        /// Since when the reserve is what it is.
        package var reserveMicroseconds: Int64
        /// Why the last write found no space; nil again after one that did.
        package var noSpace: DiskError?
        /// Since when no write has found space.
        package var noSpaceMicroseconds: Int64 = 0
    }

    package let path: String
    package let reserveByteCount: Int64
    private let directory: String
    private let disk: any Disk
    private let interval: Duration?
    private let now: @Sendable () -> Int64
    private let status: NIOLockedValueBox<Status>
    /// Where the file is emptied and filled, one thing at a time.
    private let queue = DispatchQueue(label: "ledge.reserve")
    /// The open file; touched on `queue` only.
    private let file = NIOLockedValueBox<File?>(nil)

    /// Makes the reserve of a data directory; blocks.
    ///
    /// A failure is no error of the caller's: the ``status`` tells. With 0 bytes there is none, and one that is there is
    /// removed; with nil it stays as it is, and is not lent. Every `interval` one that is not there is made again by
    /// itself; with nil only ``restore()`` does it.
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

    /// Where the reserve of a data directory stands.
    package static func path(in directory: String) -> String { "\(directory)/reserve" }

    package var currentStatus: Status { status.withLockedValue { $0 } }

    /// Bytes that can still be written, the reserve not among them.
    package func freeByteCount() throws(StorageError) -> Int64 {
        try disk.freeByteCount(directory)
    }

    /// Why nothing may be written now but what frees space; nil where everything may.
    ///
    /// Quick, from any thread.
    package var refusal: StorageError? {
        switch status.withLockedValue({ $0.reserve }) {
        case .off, .held: nil
        case .lent: .disk(.noSpace(path))
        case .missing(let error): error.isNoSpace ? .disk(error) : nil
        }
    }

    /// A write has found no space.
    package func note(_ failure: StorageError) {
        guard failure.isNoSpace, let call = failure.failedCall else { return }
        status.withLockedValue { status in
            if status.noSpace == nil { status.noSpaceMicroseconds = now() }
            status.noSpace = call
        }
    }

    /// A write has found space.
    package func noteWritten() {
        status.withLockedValue { status in
            if status.noSpace != nil { status.noSpace = nil }
        }
    }

    /// Gives the reserve to whoever frees space; blocks.
    ///
    /// Where it is not there any more this does nothing.
    package func lend() {
        queue.sync {
            guard currentStatus.reserve == .held else { return }
            // First the door, then the space: nobody else may slip in between.
            change(to: .lent)
            empty()
            scheduleRestoring()
        }
    }

    /// Makes the reserve where it is not there and the disk has room for it; blocks.
    package func restore() {
        queue.sync { fill() }
    }

    /// Runs what frees space, and once more with the reserve where it finds the disk full; blocks.
    package func lending<Value>(_ body: @autoclosure () throws(StorageError) -> Value) throws(StorageError) -> Value {
        do {
            return try body()
        } catch {
            guard error.isNoSpace else { throw error }
            lend()
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

    /// Gives the space of the file back.
    private func empty() {
        dispatchPrecondition(condition: .onQueue(queue))
        do {
            try file.withLockedValue { $0 }?.truncate(to: 0)
            // What was cut is free once the file system has committed that. It will be, sooner or later.
            try file.withLockedValue { $0 }?.synchronize()
        } catch {}
    }

    /// Takes the space, all of it or none.
    private func fill() {
        dispatchPrecondition(condition: .onQueue(queue))
        switch currentStatus.reserve {
        case .off, .held: return
        case .lent, .missing: break
        }
        do throws(StorageError) {
            let file = try opened()
            let byteCount = try file.byteCount
            if byteCount > reserveByteCount { try file.truncate(to: reserveByteCount) }
            // To ask first leaves what is free to those who are deleting.
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
            // One that was lent and finds no room yet is still lent.
            if currentStatus.reserve != .lent || !error.isNoSpace { lack(error) }
        }
    }

    private func opened() throws(StorageError) -> File {
        if let file = file.withLockedValue({ $0 }) { return file }
        let opened = try File(path, .updateOrCreate, on: disk)
        file.withLockedValue { $0 = opened }
        return opened
    }

    /// Removes what an earlier process kept back.
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
