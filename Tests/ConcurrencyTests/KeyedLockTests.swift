import Concurrency
import Testing

struct KeyedLockTests {
    /// Reads and writes a shared number around a suspension, which loses counts if two tasks have the lock at once.
    private actor Tally {
        var count = 0
        func set(_ value: Int) { count = value }
    }

    @Test func oneTaskAtATimeHasTheLockOfAKey() async {
        let locks = KeyedLock()
        let tally = Tally()
        await withTaskGroup { group in
            for _ in 0..<200 {
                group.addTask {
                    await locks.lock("a")
                    let count = await tally.count
                    await Task.yield()
                    await tally.set(count + 1)
                    locks.unlock("a")
                }
            }
        }
        #expect(await tally.count == 200)
    }

    @Test func locksOfOtherKeysAreIndependent() async {
        let locks = KeyedLock()
        await locks.lock("a")
        await locks.lock("b")
        locks.unlock("b")
        await locks.lock("b")
    }

    /// U+00E9 and "e" with U+0301 are equal as strings.
    @Test func keysThatDifferOnlyInTheirBytesAreIndependent() async {
        let locks = KeyedLock()
        await locks.lock("\u{E9}")
        await locks.lock("e\u{301}")
    }
}
