import Catalog
import Control
import Federation
import JSON
import Store
import TestSupport
import Testing
import Trainers

/// What is asked of a session before it starts, in the order it is asked.
@Suite(.timeLimit(.minutes(10)))
struct StartTests {
    /// A room with a seed, and a session of this configuration.
    static func room(_ config: JSONObject = [:]) async throws -> Classroom {
        let room = try Classroom.open()
        _ = try await room.makeSeed()
        _ = try await room.makeSession(config)
        return room
    }

    static func refusal(
        _ room: Classroom,
        _ start: SessionStart = SessionStart(sessionID: "session")
    ) async -> ControlError? {
        do { try await room.controller.startSession(start) } catch { return error as? ControlError }
        return nil
    }

    @Test(arguments: [nil, ""])
    func anIDIsRequired(id: String?) async throws {
        let refusal = await Self.refusal(try await Self.room(), SessionStart(sessionID: id))
        #expect(refusal == .sessionIDMissing)
        #expect(refusal?.message == "Session ID is required")
    }

    @Test func theSessionMustExist() async throws {
        let refusal = await Self.refusal(try await Self.room(), SessionStart(sessionID: "other"))
        #expect(refusal == .unknownSession("other"))
        #expect(refusal?.message == "Session with specified ID does not exist")
    }

    @Test func oneSessionRunsAtATime() async throws {
        let room = try await Self.room()
        for client in ["client-0", "client-1", "client-2"] { room.trainers.set(.slow, of: client) }
        try await room.controller.startSession(SessionStart(sessionID: "session", rounds: 1))
        #expect(room.controller.state == .monitoring)
        let refusal = await Self.refusal(room)
        #expect(refusal == .sessionAlreadyRunning)
        #expect(refusal?.message == "A session is already running!")
        await room.trainers.untilQuiet()
        await room.trainers.release()
        await room.untilQuiet()
        #expect(room.controller.state == .idle)
    }

    @Test func thereMustBeEnoughClients() async throws {
        let room = try await Self.room(["clients_required": 4])
        let refusal = await Self.refusal(room)
        #expect(refusal == .notEnoughClients(required: 4))
        #expect(refusal?.message == "Number of available clients is lower than the required minimum of 4")
        #expect(try room.count(.commands) + room.count(.runs) + room.count(.rounds) == 0)
    }

    @Test func onlyTheNamedClientsAreCounted() async throws {
        let room = try await Self.room(["clients_required": 2])
        let start = SessionStart(sessionID: "session", clientIDs: ["client-0", "nobody"])
        #expect(await Self.refusal(room, start) == .notEnoughClients(required: 2))
    }

    @Test func withoutParticipantsNobodyIsEnough() async throws {
        let room = try await Self.room()
        let controller = Controller(room.network)
        await #expect(throws: ControlError.notEnoughClients(required: 1)) {
            try await controller.startSession(SessionStart(sessionID: "session"))
        }
    }

    @Test func theSeedModelMustExist() async throws {
        let room = try Classroom.open()
        _ = try await room.makeSession(model: "gone")
        let refusal = await Self.refusal(room)
        #expect(refusal == .seedModelMissing("gone"))
        #expect(refusal?.message == "Session seed model not found")
    }

    @Test func pythonIsRefused() async throws {
        let refusal = await Self.refusal(try await Self.room(["server_functions": "class ServerFunctions: pass"]))
        #expect(refusal == .serverFunctions)
        #expect(refusal?.message.contains("server_functions") == true)
        #expect(refusal?.message.contains("fedavg") == true)
    }

    @Test func anUnknownAggregatorIsRefused() async throws {
        let refusal = await Self.refusal(try await Self.room(["aggregator": "fedopt"]))
        #expect(refusal == .unknownAggregator("fedopt"))
        #expect(refusal?.message == "Unknown aggregator 'fedopt': the built-in aggregators are fedavg")
    }

    @Test func everythingIsCheckedInOrder() async throws {
        let room = try Classroom.open()
        _ = try await room.makeSession(
            ["clients_required": 9, "server_functions": "x", "aggregator": "y"],
            model: "gone"
        )
        #expect(await Self.refusal(room) == .notEnoughClients(required: 9))
        try await change(room, ["clients_required": 1])
        #expect(await Self.refusal(room) == .seedModelMissing("gone"))
        _ = try await room.makeSeed(id: "gone")
        #expect(await Self.refusal(room) == .serverFunctions)
        try await change(room, ["server_functions": nil])
        #expect(await Self.refusal(room) == .unknownAggregator("y"))
        try await change(room, ["aggregator": "fedavg", "rounds": 1])
        #expect(await Self.refusal(room) == nil)
        await room.untilQuiet()
    }

    private func change(_ room: Classroom, _ config: JSONObject) async throws {
        _ = try await room.store.collection("sessions").update("session") { old throws(StoreError) in
            var new = old
            var merged = old["session_config"]?.object ?? [:]
            for (name, value) in config { merged[name] = value }
            new["session_config"] = .object(merged)
            return new
        }
    }
}
