import Catalog
import Control
import Federation
import Glibc
import JSON
import Store
import TestSupport
import Testing
import Trainers

/// What a controller makes of what an earlier one left behind.
@Suite(.timeLimit(.minutes(10)))
struct ResumeTests {
    /// A room whose session is in its second round of three when its process is killed; returns the disk it leaves.
    private static func killedInRoundTwo() async throws -> FaultDisk {
        let disk = FaultDisk()
        let room = try Classroom.open(disk)
        _ = try await room.makeSeed()
        _ = try await room.makeSession(["rounds": 3, "round_timeout": 30])
        try await room.controller.startSession(SessionStart(sessionID: "session"))
        room.trainers.set(.slow, of: "client-0")
        while try room.count(.rounds) < 2 { await Task.yield() }
        await room.trainers.untilQuiet()
        return disk.processKill()
    }

    @Test func itSaysWhatItFound() async throws {
        let room = try Classroom.open(try await Self.killedInRoundTwo())
        let round = try #require(try room.documents(.rounds, ("status", "Pending")).first?.text("round_id"))
        let done = (Int(round) ?? 0) - 1
        let notices = try await room.controller.resume()
        #expect(
            notices.suffix(2) == [
                "round \(round) was interrupted", "session session goes on with round \(done + 1) of 3",
            ]
        )
        await room.untilQuiet()
        let rounds = try room.documents(.rounds).map { $0.text("status") }
        #expect(rounds.filter { $0 == "Finished" }.count == 3)
        #expect(rounds.filter { $0 == "Failed" }.count == 1)
        #expect(try room.document(.rounds, round)?.text("round_data.reason") == "interrupted by the end of the server")
        #expect(try await room.controller.resume() == [])
        try await room.close()
    }

    /// Somebody changed the session while it ran; a start would have refused it.
    @Test func anAggregatorThatIsNotThereFailsTheRounds() async throws {
        let room = try Classroom.open(try await Self.killedInRoundTwo())
        _ = try await room.store.collection("sessions").update("session") { old in
            var session = old
            var config = session["session_config"]?.object ?? [:]
            config["aggregator"] = "bogus"
            session["session_config"] = .object(config)
            return session
        }
        _ = try await room.controller.resume()
        await room.untilQuiet()
        #expect(try room.document(.sessions, "session")?.text("status") == "Finished")
        #expect(try room.count(.rounds, ("status", "Pending")) == 0)
        #expect(try room.count(.rounds, ("status", "Finished")) == 1)
        try await room.close()
    }

    @Test func itWaitsForTheClientsToComeBack() async throws {
        let room = try Classroom.open(try await Self.killedInRoundTwo())
        for client in RoundTests.clients { room.trainers.set(online: false, client) }
        _ = try await room.controller.resume()
        #expect(room.controller.state == .instructing)
        room.trainers.set(online: true, "client-2")
        await room.controller.participantsChanged()
        await room.untilQuiet()
        #expect(try room.document(.sessions, "session")?.text("status") == "Finished")
        #expect(try room.count(.rounds, ("status", "Failed")) == 1)
        try await room.close()
    }

    /// A client that still works at a task of the server before is told to leave off.
    @Test func oldTasksAreTakenBackWhenTheyAreReported() async throws {
        let room = try Classroom.open(try await Self.killedInRoundTwo())
        for client in RoundTests.clients { room.trainers.set(online: false, client) }
        _ = try await room.controller.resume()
        let task = try #require(
            try room.documents(.commands, ("status", "INTERRUPTED"), ("client_id", "client-0")).last
        )
        let id = task.text("correlation_id") ?? ""
        let report = ActivityReport(clientID: "client-0", correlationID: id, status: .running, isDone: false)
        try await room.controller.receive(.activity(report))
        #expect(room.trainers.withdrawals == [id: .interrupted])
        try await room.controller.stop()
        try await room.close()
    }

    @Test func aSessionThatWasToldToStopStops() async throws {
        let room = try Classroom.open(try await Self.killedInRoundTwo())
        _ = try await room.store.collection("sessions").update("session") { old in
            var new = old
            new["status"] = "Terminated"
            return new
        }
        let notices = try await room.controller.resume()
        #expect(notices.last == "session session is Terminated, as had been asked")
        #expect(room.controller.state == .idle)
        #expect(try room.documents(.runs).first?.text("status") == "Terminated")
        #expect(try room.count(.commands, ("status", "RUNNING")) == 0)
        try await room.close()
    }

    @Test func commandsAreInterrupted() async throws {
        let disk = FaultDisk()
        let room = try Classroom.open(disk)
        let controller = Controller(room.network, participants: Deaf(), clock: room.clock)
        let id = try await controller.runCommand("Look", CommandOrder()).correlationID
        let next = try Classroom.open(disk.processKill())
        #expect(try await next.controller.resume() == ["command \(id) (Custom_Look) was interrupted"])
        #expect(try next.documents(.commands).map { $0.text("status") } == Array(repeating: "INTERRUPTED", count: 3))
    }

    /// A report may say anything: only the file that a task has delivered is its update.
    @Test func modelNamedInAReportIsNotDeleted() async throws {
        let disk = FaultDisk()
        let room = try Classroom.open(disk)
        _ = try await room.makeSeed()
        _ = try await room.makeSession(["rounds": 1])
        for client in RoundTests.clients { room.trainers.set(.vanishing, of: client) }
        try await room.controller.startSession(SessionStart(sessionID: "session"))
        let task = try #require(room.trainers.assignments.first)
        let blobID = try #require(try room.document(.models, "seed")?.text("blob_id"))
        let report = ActivityReport(
            clientID: task.clientID,
            correlationID: task.correlationID,
            status: .running,
            isDone: false,
            response: ["file_token": .string(blobID)]
        )
        try await room.controller.receive(.activity(report))
        let next = try Classroom.open(disk.processKill())
        _ = try await next.controller.resume()
        await next.untilQuiet()
        _ = try await next.accuracy(of: "seed")
        try await next.close()
    }

    /// A session that stands still because the disk was full is started again by hand.
    @Test func aSessionThatStoodStillIsStartedAgain() async throws {
        let disk = FaultDisk()
        let room = try Classroom.open(disk)
        _ = try await room.makeSeed()
        _ = try await room.makeSession(["rounds": 1])
        for client in RoundTests.clients { room.trainers.set(.vanishing, of: client) }
        try await room.controller.startSession(SessionStart(sessionID: "session"))
        disk.failCall(disk.mutationCount + 1, with: ENOSPC)
        await #expect(throws: StoreError.self) { try await room.controller.stop() }
        #expect(room.controller.state == .idle)
        #expect(room.notices.count == 1)
        #expect(try room.document(.sessions, "session")?.text("status") == "Started")
        for client in RoundTests.clients { room.trainers.set(.diligent, of: client) }
        try await room.controller.startSession(SessionStart(sessionID: "session"))
        await room.untilQuiet()
        #expect(try room.document(.sessions, "session")?.text("status") == "Finished")
        #expect(try room.documents(.rounds).map { $0.text("status") } == ["Failed", "Finished"])
        #expect(try room.documents(.runs).map { $0.text("status") } == ["Terminated", "Finished"])
        #expect(try room.count(.commands, ("status", "RUNNING")) + room.count(.commands, ("status", "PENDING")) == 0)
        try await room.close()
    }
}
