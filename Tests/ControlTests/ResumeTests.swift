import Catalog
import Control
import Federation
import Glibc
import JSON
import Store
import TestSupport
import Testing
import Trainers

/// Resuming from the stored state of an earlier controller.
@Suite(.timeLimit(.minutes(60)))
struct ResumeTests {
    /// Kills a controller in the second of three rounds of its session, and returns the remaining disk.
    private static func killedInRoundTwo() async throws -> FaultDisk {
        let disk = FaultDisk()
        let fixture = try TrainingFixture.open(disk)
        _ = try await fixture.makeSeed()
        _ = try await fixture.makeSession(["rounds": 3, "round_timeout": 30])
        try await fixture.controller.startSession(SessionStart(sessionID: "session"))
        fixture.trainers.set(.slow, of: "client-0")
        while try fixture.count(.rounds) < 2 { await Task.yield() }
        await fixture.trainers.untilQuiet()
        return disk.processKill()
    }

    @Test func resumeReportsWhatItFound() async throws {
        let fixture = try TrainingFixture.open(try await Self.killedInRoundTwo())
        let round = try #require(try fixture.documents(.rounds, ("status", "Pending")).first?.text("round_id"))
        let done = (Int(round) ?? 0) - 1
        let notices = try await fixture.controller.resume()
        #expect(
            notices.suffix(2) == [
                "round \(round) was interrupted", "session session continues with round \(done + 1) of 3",
            ]
        )
        await fixture.untilQuiet()
        let rounds = try fixture.documents(.rounds).map { $0.text("status") }
        #expect(rounds.filter { $0 == "Finished" }.count == 3)
        #expect(rounds.filter { $0 == "Failed" }.count == 1)
        let reason = try fixture.document(.rounds, round)?.text("round_data.reason")
        #expect(reason == "interrupted by a restart of the server")
        #expect(try await fixture.controller.resume() == [])
        try await fixture.close()
    }

    /// The session was changed while it was running; starting it would be refused.
    @Test func unknownAggregatorFailsTheRounds() async throws {
        let fixture = try TrainingFixture.open(try await Self.killedInRoundTwo())
        _ = try await fixture.store.collection("sessions").update("session") { old in
            var session = old
            var config = session["session_config"]?.object ?? [:]
            config["aggregator"] = "bogus"
            session["session_config"] = .object(config)
            return session
        }
        _ = try await fixture.controller.resume()
        await fixture.untilQuiet()
        #expect(try fixture.document(.sessions, "session")?.text("status") == "Finished")
        #expect(try fixture.count(.rounds, ("status", "Pending")) == 0)
        #expect(try fixture.count(.rounds, ("status", "Finished")) == 1)
        try await fixture.close()
    }

    @Test func resumedSessionWaitsForItsClients() async throws {
        let fixture = try TrainingFixture.open(try await Self.killedInRoundTwo())
        for client in RoundTests.clients { fixture.trainers.set(online: false, client) }
        _ = try await fixture.controller.resume()
        #expect(fixture.controller.state == .instructing)
        fixture.trainers.set(online: true, "client-2")
        await fixture.controller.participantsChanged()
        await fixture.untilQuiet()
        #expect(try fixture.document(.sessions, "session")?.text("status") == "Finished")
        #expect(try fixture.count(.rounds, ("status", "Failed")) == 1)
        try await fixture.close()
    }

    /// A client's task of the previous server is withdrawn when the client reports on it.
    @Test func reportedOldTaskIsWithdrawn() async throws {
        let fixture = try TrainingFixture.open(try await Self.killedInRoundTwo())
        for client in RoundTests.clients { fixture.trainers.set(online: false, client) }
        _ = try await fixture.controller.resume()
        let task = try #require(
            try fixture.documents(.commands, ("status", "INTERRUPTED"), ("client_id", "client-0")).last
        )
        let id = task.text("correlation_id") ?? ""
        let report = ActivityReport(clientID: "client-0", correlationID: id, status: .running, isDone: false)
        try await fixture.controller.receive(.activity(report))
        #expect(fixture.trainers.withdrawals == [id: .interrupted])
        try await fixture.controller.stop()
        try await fixture.close()
    }

    @Test func stoppedSessionIsNotResumed() async throws {
        let fixture = try TrainingFixture.open(try await Self.killedInRoundTwo())
        _ = try await fixture.store.collection("sessions").update("session") { old in
            var new = old
            new["status"] = "Terminated"
            return new
        }
        let notices = try await fixture.controller.resume()
        #expect(notices.last == "session session is Terminated, as was requested before the restart")
        #expect(fixture.controller.state == .idle)
        #expect(try fixture.documents(.runs).first?.text("status") == "Terminated")
        #expect(try fixture.count(.commands, ("status", "RUNNING")) == 0)
        try await fixture.close()
    }

    @Test func runningCommandIsInterrupted() async throws {
        let disk = FaultDisk()
        let fixture = try TrainingFixture.open(disk)
        let controller = Controller(fixture.network, participants: SilentParticipants(), clock: fixture.clock)
        let id = try await controller.runCommand("Look", CommandOrder()).correlationID
        let next = try TrainingFixture.open(disk.processKill())
        #expect(try await next.controller.resume() == ["command \(id) (Custom_Look) was interrupted"])
        #expect(try next.documents(.commands).map { $0.text("status") } == Array(repeating: "INTERRUPTED", count: 3))
    }

    /// A report may say anything: only the file that a task has delivered is its update.
    @Test func modelNamedInAReportIsNotDeleted() async throws {
        let disk = FaultDisk()
        let fixture = try TrainingFixture.open(disk)
        _ = try await fixture.makeSeed()
        _ = try await fixture.makeSession(["rounds": 1])
        for client in RoundTests.clients { fixture.trainers.set(.vanishing, of: client) }
        try await fixture.controller.startSession(SessionStart(sessionID: "session"))
        let task = try #require(fixture.trainers.assignments.first)
        let blobID = try #require(try fixture.document(.models, "seed")?.text("blob_id"))
        let report = ActivityReport(
            clientID: task.clientID,
            correlationID: task.correlationID,
            status: .running,
            isDone: false,
            response: ["file_token": .string(blobID)]
        )
        try await fixture.controller.receive(.activity(report))
        let next = try TrainingFixture.open(disk.processKill())
        _ = try await next.controller.resume()
        await next.untilQuiet()
        _ = try await next.accuracy(of: "seed")
        try await next.close()
    }

    /// A session that was stopped because the disk was full can be started again.
    @Test func sessionOnAFullDiskCanBeStartedAgain() async throws {
        let disk = FaultDisk()
        let fixture = try TrainingFixture.open(disk)
        _ = try await fixture.makeSeed()
        _ = try await fixture.makeSession(["rounds": 1])
        for client in RoundTests.clients { fixture.trainers.set(.vanishing, of: client) }
        try await fixture.controller.startSession(SessionStart(sessionID: "session"))
        disk.failCall(disk.mutationCount + 1, with: ENOSPC)
        await #expect(throws: StoreError.self) { try await fixture.controller.stop() }
        #expect(fixture.controller.state == .idle)
        #expect(fixture.notices.count == 1)
        #expect(try fixture.document(.sessions, "session")?.text("status") == "Started")
        for client in RoundTests.clients { fixture.trainers.set(.diligent, of: client) }
        try await fixture.controller.startSession(SessionStart(sessionID: "session"))
        await fixture.untilQuiet()
        #expect(try fixture.document(.sessions, "session")?.text("status") == "Finished")
        #expect(try fixture.documents(.rounds).map { $0.text("status") } == ["Failed", "Finished"])
        #expect(try fixture.documents(.runs).map { $0.text("status") } == ["Terminated", "Finished"])
        #expect(
            try fixture.count(.commands, ("status", "RUNNING")) + fixture.count(.commands, ("status", "PENDING")) == 0
        )
        try await fixture.close()
    }
}
