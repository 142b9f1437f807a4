internal import Disk
internal import Dispatch
internal import TestSupport

@testable internal import SegmentLog

/// Blocks the next sync of a segment until it is released, so that a test can fill the next batch.
struct HeldSync: Sendable {
    private let arrival: AsyncStream<Void>
    private let permission = DispatchSemaphore(value: 0)

    /// Makes a disk block the next `fdatasync` of a segment.
    init(on disk: FaultDisk) {
        let (arrival, continuation) = AsyncStream<Void>.makeStream()
        self.arrival = arrival
        let permission = permission
        let isArmed = Ledger(true)
        disk.beforeEachCall { call, path in
            guard call == .fdatasync, path.hasSuffix(".jsonl"), isArmed.entries else { return }
            isArmed.enter { $0 = false }
            continuation.finish()
            permission.wait()
        }
    }

    /// Returns when the sync has been called.
    func untilReached() async {
        for await _ in arrival {}
    }

    func release() {
        permission.signal()
    }
}

extension OpenedLog {
    typealias Answer = Result<RecordPointer, StorageError>

    /// Appends `first`, blocks its sync until all of `others` are queued, and returns the result of each.
    func appendTogether(_ first: String, then others: [String], on disk: FaultDisk) async -> [String: Answer] {
        let sync = HeldSync(on: disk)
        let (composed, continuation) = AsyncStream<Void>.makeStream()
        return await withTaskGroup(of: (String, Answer).self) { group in
            group.addTask { (first, await answer(to: first) {}) }
            await sync.untilReached()
            for id in others {
                group.addTask { (id, await answer(to: id) { continuation.yield() }) }
            }
            var rest = composed.makeAsyncIterator()
            for _ in others { await rest.next() }
            sync.release()
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    /// Appends a record, and calls `composed` once its place in the order is fixed.
    private func answer(to id: String, _ composed: @Sendable () -> Void) async -> Answer {
        do throws(StorageError) {
            return .success(try await append(id, composed: composed))
        } catch {
            return .failure(error)
        }
    }
}
