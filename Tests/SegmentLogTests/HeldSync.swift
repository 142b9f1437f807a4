internal import Disk
internal import Dispatch
internal import TestSupport

@testable internal import SegmentLog

/// Holds the next sync of a segment until it is let go, so that a test can fill the batch behind it.
struct HeldSync: Sendable {
    private let arrival: AsyncStream<Void>
    private let permission = DispatchSemaphore(value: 0)

    /// Arms a disk; the first `fdatasync` of a segment from now on is held.
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

    func letGo() {
        permission.signal()
    }
}

extension OpenedLog {
    typealias Answer = Result<RecordPointer, StorageError>

    /// Appends `first`, holds its sync until all of `others` are queued, and returns what became of each.
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
            sync.letGo()
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    /// Appends a record, and calls `composed` once its place in the order is fixed.
    private func answer(to id: String, _ composed: @Sendable () -> Void) async -> Answer {
        let members = Array(Self.members(id).utf8)
        do throws(StorageError) {
            return .success(
                try await log.append { _, _, buffer in
                    buffer += members
                    composed()
                }
            )
        } catch {
            return .failure(error)
        }
    }
}
