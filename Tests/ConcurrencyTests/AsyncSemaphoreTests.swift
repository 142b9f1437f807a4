import Concurrency
import NIOConcurrencyHelpers
import Testing

struct AsyncSemaphoreTests {
    /// What tasks do, in order.
    private final class Events: Sendable {
        private let box = NIOLockedValueBox<[Int]>([])

        var all: [Int] { box.withLockedValue { $0 } }

        func append(_ event: Int) {
            box.withLockedValue { $0.append(event) }
        }
    }

    /// Starts a task that acquires a permit, and returns when it waits.
    ///
    /// Each `Task.yield` lets the others run; a task that has been started and does not wait yet would be one that the
    /// scheduler has not run for as many yields.
    private func waiter(_ number: Int, _ semaphore: AsyncSemaphore, _ events: Events) async -> Task<Void, Never> {
        let isStarted = NIOLockedValueBox(false)
        let task = Task {
            isStarted.withLockedValue { $0 = true }
            await semaphore.acquire()
            events.append(number)
        }
        while !isStarted.withLockedValue({ $0 }) { await Task.yield() }
        for _ in 0..<1_000 { await Task.yield() }
        return task
    }

    @Test func permitsAreGrantedInOrderOfRequest() async {
        let semaphore = AsyncSemaphore(permitCount: 1)
        let events = Events()
        await semaphore.acquire()
        var tasks: [Task<Void, Never>] = []
        for number in 0..<5 { tasks.append(await waiter(number, semaphore, events)) }
        #expect(events.all.isEmpty)
        for (number, task) in tasks.enumerated() {
            semaphore.release()
            await task.value
            #expect(events.all == Array(0...number))
        }
    }

    @Test func permitCountIsTheMaximumAtWork() async {
        let semaphore = AsyncSemaphore(permitCount: 3)
        let working = NIOLockedValueBox(0)
        let most = NIOLockedValueBox(0)
        await withTaskGroup { group in
            for _ in 0..<200 {
                group.addTask {
                    await semaphore.acquire()
                    let count = working.withLockedValue { working in
                        working += 1
                        return working
                    }
                    most.withLockedValue { $0 = max($0, count) }
                    await Task.yield()
                    working.withLockedValue { $0 -= 1 }
                    semaphore.release()
                }
            }
        }
        #expect(working.withLockedValue { $0 } == 0)
        #expect((1...3).contains(most.withLockedValue { $0 }))
    }

    @Test func releaseWithoutWaitersFreesThePermit() async {
        let semaphore = AsyncSemaphore(permitCount: 2)
        for _ in 0..<3 {
            await semaphore.acquire()
            await semaphore.acquire()
            semaphore.release()
            semaphore.release()
        }
    }

    @Test func cancelledWaiterKeepsItsPlace() async {
        let semaphore = AsyncSemaphore(permitCount: 1)
        let events = Events()
        await semaphore.acquire()
        let cancelled = await waiter(0, semaphore, events)
        let next = await waiter(1, semaphore, events)
        cancelled.cancel()
        for _ in 0..<1_000 { await Task.yield() }
        #expect(events.all.isEmpty)
        semaphore.release()
        await cancelled.value
        #expect(events.all == [0])
        semaphore.release()
        await next.value
        #expect(events.all == [0, 1])
    }

    @Test func releaseOfAFreePermitTraps() async {
        await #expect(processExitsWith: .failure) {
            AsyncSemaphore(permitCount: 1).release()
        }
    }
}
