internal import Concurrency
internal import Disk
internal import Dispatch
internal import JSON
internal import NIOConcurrencyHelpers

/// Runs the maintenance of all collections, one step at a time: after a segment was closed, and once a minute.
///
/// The work blocks for disk and processor, so it has a queue of its own. One step at a time limits its memory to that
/// of one segment's index, and leaves the other cores to requests.
final class Maintenance: Sendable {
    private let options: Store.Options
    private let space: DiskSpace
    private let watch: RootWatch
    private let clock: @Sendable () -> Timestamp
    private let queue = DispatchQueue(label: "ledge.maintenance", qos: .utility)
    private let turn = AsyncSemaphore(permitCount: 1)
    private let requests: AsyncStream<Void>
    private let request: AsyncStream<Void>.Continuation
    private let tasks = NIOLockedValueBox<[Task<Void, Never>]>([])
    /// The failures of the last round by the name of the collection, with the time of the first one.
    private let failures = NIOLockedValueBox<[String: (error: StorageError, since: Timestamp)]>([:])
    /// Whether to cancel a running merge: it can take seconds, and the next start repeats it.
    private let isEnding = NIOLockedValueBox(false)

    init(
        _ options: Store.Options,
        _ space: DiskSpace,
        _ watch: RootWatch,
        _ clock: @escaping @Sendable () -> Timestamp
    ) {
        self.options = options
        self.space = space
        self.watch = watch
        self.clock = clock
        // Requests during a round are combined into one.
        (requests, request) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Requests a round; does not block, callable from any thread.
    func ask() {
        request.yield()
    }

    /// Starts to process requests, and to request a round once a minute.
    func begin(_ collections: [DocumentCollection], _ clock: StoreClock) {
        let server = Task { for await _ in requests { await self.round(collections, clock) } }
        let timer = Task {
            while !Task.isCancelled {
                request.yield()
                do { try await Task.sleep(for: .seconds(60)) } catch { return }
            }
        }
        tasks.withLockedValue { $0 = [server, timer] }
    }

    /// The failures of maintenance, one condition for each collection.
    var conditions: [HealthCondition] {
        failures.withLockedValue { $0 }.map { name, failure in
            let reason = failure.error.failedCall?.reason ?? "stored data failed its checksum, or cannot be read"
            return HealthCondition(subject: "maintenance of \(name)", reason: reason, since: failure.since)
        }
    }

    private func note(_ error: StorageError, of collection: DocumentCollection) {
        failures.withLockedValue { $0[collection.schema.name] = (error, $0[collection.schema.name]?.since ?? clock()) }
    }

    /// Returns when no round is running and none will begin.
    func end() async {
        isEnding.withLockedValue { $0 = true }
        request.finish()
        let tasks = tasks.withLockedValue { tasks in
            defer { tasks = [] }
            return tasks
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    /// Performs all due steps of all collections, and returns the first failure; the other collections are maintained
    /// nevertheless.
    @discardableResult
    func round(_ collections: [DocumentCollection], _ clock: StoreClock) async -> StorageError? {
        clock.check(options.notice)
        let failure = await serially(collections) { collection throws(StorageError) in
            do throws(StorageError) {
                try await self.maintain(collection, at: clock.expiryTime)
            } catch {
                guard error.isNoSpace else { throw error }
                // Most maintenance frees space in the end.
                await self.queue.run { [space = self.space] in space.useReserve() }
                try await self.maintain(collection, at: clock.expiryTime)
            }
        }
        await queue.run { [space, watch] in
            space.restore()
            watch.check()
        }
        return failure
    }

    /// Seals long active segments, which the next start would have to read, as far as time allows.
    func settle(_ collections: [DocumentCollection]) async {
        let end = ContinuousClock.now + options.settlingTimeMax
        await serially(collections) { collection throws(StorageError) in
            guard ContinuousClock.now < end else { return }
            try await collection.closeLongActive(byteCountMin: self.options.settledByteCountMin)
            try await self.queue.run { [notice = self.options.notice] () throws(StorageError) in
                try collection.sealClosed(notice: notice) { ContinuousClock.now >= end }
            }
        }
    }

    private func maintain(_ collection: DocumentCollection, at now: Timestamp) async throws(StorageError) {
        let retention = options.retention[collection.schema.name]
        try await collection.closeForRetention(retention, at: now)
        let compaction = Compaction(byteCountMax: options.mergedByteCountMax)
        try await queue.run { [isEnding, notice = options.notice] () throws(StorageError) in
            try collection.maintain(retention, at: now, compaction, notice: notice) { isEnding.withLockedValue { $0 } }
        }
    }

    @discardableResult
    private func serially(
        _ collections: [DocumentCollection],
        _ body: (DocumentCollection) async throws(StorageError) -> Void
    ) async -> StorageError? {
        await turn.acquire()
        defer { turn.release() }
        var failure: StorageError?
        for collection in collections {
            do throws(StorageError) {
                try await body(collection)
                failures.withLockedValue { $0[collection.schema.name] = nil }
            } catch {
                note(error, of: collection)
                options.notice(.failed(collection: collection.schema.name, error))
                failure = failure ?? error
            }
        }
        return failure
    }
}
