import Testing

@testable import Store

struct TurnsTests {
    /// Reads and writes a shared number around a suspension, which loses counts when two tasks are in at once.
    private actor Tally {
        var count = 0
        func set(_ value: Int) { count = value }
    }

    @Test func oneTaskAtATimeHasAnID() async {
        let turns = Turns()
        let tally = Tally()
        await withTaskGroup { group in
            for _ in 0..<200 {
                group.addTask {
                    await turns.enter("a")
                    let count = await tally.count
                    await Task.yield()
                    await tally.set(count + 1)
                    turns.leave("a")
                }
            }
        }
        #expect(await tally.count == 200)
    }

    @Test func otherIDsNeverWait() async {
        let turns = Turns()
        await turns.enter("a")
        await turns.enter("b")
        turns.leave("b")
        await turns.enter("b")
    }
}
