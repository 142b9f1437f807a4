import Control
import TestSupport
import Testing

struct CommandStateTests {
    /// All statuses, all reports: a final status does not change, and a task ends only when its client is done.
    @Test(arguments: CommandStatus.allCases, CommandStatus.allCases)
    func reportedStatusFollowsFromTheOldOne(old: CommandStatus, reported: CommandStatus) {
        let ends: Set<CommandStatus> = [.completed, .failed, .interrupted, .timeout, .unknown]
        #expect(old.isEnd == ends.contains(old))
        let done = old.after(reported, isDone: true)
        let underWay = old.after(reported, isDone: false)
        if ends.contains(old) {
            #expect(done == nil)
            #expect(underWay == nil)
        } else {
            #expect(done == (ends.contains(reported) ? reported : .unknown))
            #expect(underWay == (old == .running ? nil : .running))
        }
    }

    @Test func otherTextsAreUnknownStatuses() {
        for status in CommandStatus.allCases { #expect(CommandStatus(wire: status.rawValue) == status) }
        #expect(CommandStatus(wire: "") == .empty)
        #expect(CommandStatus(wire: "interrupted") == .unknown)
    }

    @Test func answerOfEveryClientEndsTheCommand() {
        var command = CommandState(clients: ["a", "b"])
        #expect(
            command.handle(.reported(client: "a", .running, isDone: false)) == [.enter(client: "a", .running)]
        )
        #expect(command.handle(.reported(client: "a", .running, isDone: false)) == [])
        #expect(command.handle(.reported(client: "x", .completed, isDone: true)) == [])
        #expect(command.handle(.reported(client: "a", .completed, isDone: true)) == [.enter(client: "a", .completed)])
        #expect(
            command.handle(.reported(client: "b", .completed, isDone: true))
                == [.enter(client: "b", .completed), .end(.completed)]
        )
        #expect(command.handle(.stop) == [])
    }

    @Test(arguments: [
        (CommandState.Event.timedOut, CommandStatus.timeout, CommandStatus.timeout), (.skip, .timeout, .completed),
        (.stop, .interrupted, .interrupted),
    ])
    func tasksOfLateClientsAreWithdrawn(event: CommandState.Event, task: CommandStatus, end: CommandStatus) {
        var command = CommandState(clients: ["a", "b", "c"])
        _ = command.handle(.reported(client: "b", .completed, isDone: true))
        #expect(
            command.handle(event) == [
                .enter(client: "a", task), .enter(client: "c", task), .withdraw(client: "a", task),
                .withdraw(client: "c", task), .end(end),
            ]
        )
        #expect(command.tasks == ["a": task, "b": .completed, "c": task])
    }

    @Test(arguments: [
        (CommandStatus.failed, CommandStatus.failed), (.unknown, .failed), (.timeout, .timeout),
        (.interrupted, .interrupted), (.completed, .completed),
    ])
    func worstTaskDeterminesTheStatus(task: CommandStatus, end: CommandStatus) {
        var command = CommandState(clients: ["a", "b"])
        _ = command.handle(.reported(client: "a", task, isDone: true))
        #expect(command.handle(.reported(client: "b", .completed, isDone: true)).last == .end(end))
        #expect(command.status == end)
    }

    @Test func abandonedTaskLeavesTheOthersRunning() {
        var command = CommandState(clients: ["a", "b"])
        #expect(
            command.handle(.giveUp(client: "a", .interrupted)) == [
                .enter(client: "a", .interrupted), .withdraw(client: "a", .interrupted),
            ]
        )
        #expect(command.handle(.giveUp(client: "a", .timeout)) == [])
        #expect(!command.status.isEnd)
    }

    /// Random events: every command ends once, with every task ended, for any sequence.
    @Test func randomEventsEndTheCommandOnce() {
        var generator = SeededGenerator()
        for _ in 0..<2_000 {
            let clients = (0..<Int.random(in: 1...4, using: &generator)).map { "c\($0)" }
            var command = CommandState(clients: clients)
            var ends = 0
            for step in 0..<40 {
                let client = clients.randomElement(using: &generator) ?? ""
                let status = CommandStatus.allCases.randomElement(using: &generator) ?? .running
                let event: CommandState.Event =
                    switch Int.random(in: 0..<12, using: &generator) {
                    case 0: .giveUp(client: client, Bool.random(using: &generator) ? .timeout : .interrupted)
                    case 1 where step > 5: [.timedOut, .skip, .stop].randomElement(using: &generator) ?? .stop
                    default: .reported(client: client, status, isDone: Bool.random(using: &generator))
                    }
                let wasOver = command.status.isEnd
                let effects = command.handle(event)
                if wasOver { #expect(effects.isEmpty, "SEED=\(SeededGenerator.runSeed)") }
                for case .end in effects { ends += 1 }
            }
            _ = command.handle(.stop)
            #expect(ends <= 1, "SEED=\(SeededGenerator.runSeed)")
            let isOver = command.tasks.values.allSatisfy(\.isEnd)
            #expect(isOver, "SEED=\(SeededGenerator.runSeed)")
        }
    }
}
