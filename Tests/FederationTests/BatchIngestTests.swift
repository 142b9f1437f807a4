import Catalog
import Disk
import Glibc
import JSON
import Store
import TestSupport
import Testing

@testable import Federation

struct BatchIngestTests {
    private static func telemetry(_ fixture: NetworkFixture, byteCountMax: Int = 1 << 20) -> BatchIngest {
        let documents = fixture.documents(.telemetry)
        return BatchIngest(into: documents.collection, documentByteCountMax: byteCountMax) {
            try documents.draft(of: $0, remembering: &$1)
        }
    }

    private static func entry(_ number: Int, _ text: String? = nil) -> IngestEntry {
        let text = text ?? #"{"telemetry_id":"t\#(number)","key":"k","client_id":"c"}"#
        return IngestEntry(number: number, bytes: Array(text.utf8)[...])
    }

    /// Ingests entries as its users do, and returns the outcome of each group.
    private static func run(_ batch: inout BatchIngest, _ entries: [IngestEntry]) async throws -> [IngestOutcome] {
        var outcomes: [IngestOutcome?] = []
        for entry in entries {
            if batch.isFull(for: entry) { outcomes.append(try await batch.flush()) }
            try batch.add(entry)
        }
        outcomes.append(try await batch.flush())
        return outcomes.compactMap(\.self)
    }

    @Test func groupsHaveAThousandDocuments() async throws {
        let fixture = try NetworkFixture()
        var batch = Self.telemetry(fixture)
        let outcomes = try await Self.run(&batch, (1...2_500).map { Self.entry($0) })
        #expect(outcomes.map(\.acceptedCount) == [1_000, 1_000, 500])
        #expect(batch.firstNumber == 2_501)
        #expect(batch.byteCount == 0)
        #expect(fixture.store.collection("telemetry").documentCount == 2_500)
        try await fixture.close()
    }

    @Test func groupsHaveAMebibyte() async throws {
        let fixture = try NetworkFixture()
        var batch = Self.telemetry(fixture, byteCountMax: 2 << 20)
        let text = String(repeating: "m", count: 600_000)
        let long = #"{"key":"k","client_id":"c","meta":{"m":"\#(text)"}}"#
        let longer = #"{"key":"k","client_id":"c","meta":{"m":"\#(text)\#(text)"}}"#
        let entries = [Self.entry(1, long), Self.entry(2, long), Self.entry(3), Self.entry(4, longer), Self.entry(5)]
        #expect(try await Self.run(&batch, entries).map(\.acceptedCount) == [1, 2, 1, 1])
        try await fixture.close()
    }

    @Test func documentsAreRefusedAlone() async throws {
        let fixture = try NetworkFixture()
        var batch = Self.telemetry(fixture, byteCountMax: 100)
        let entries = [
            Self.entry(1), Self.entry(2, "{"), Self.entry(3, "7"), IngestEntry(number: 4, bytes: nil),
            Self.entry(5, #"{"key":7}"#), Self.entry(7, #"{"telemetry_id":"t1","key":"k","client_id":"c"}"#),
            Self.entry(8),
        ]
        let outcomes = try await Self.run(&batch, entries)
        #expect(outcomes.map(\.acceptedCount) == [2])
        #expect(outcomes[0].refusals.map(\.number) == [2, 3, 4, 5, 7])
        #expect(
            outcomes[0].refusals.map(\.reason) == [
                .invalid("Broken JSON: it ends unfinished at byte 1"), .notAnObject, .tooLong(byteCountMax: 100),
                .invalid("field 'key' must be a string"), .notStored(.alreadyExists("t1")),
            ]
        )
        #expect(batch.firstNumber == 9)
        try await fixture.close()
    }

    @Test func withoutACollectionNothingIsStored() async throws {
        var batch = BatchIngest(into: nil, documentByteCountMax: 100) { object, _ in
            try Resource.telemetry.validate(object)
        }
        let outcomes = try await Self.run(&batch, [Self.entry(1), Self.entry(2, "[]"), Self.entry(3)])
        #expect(outcomes.map(\.acceptedCount) == [2])
        #expect(outcomes[0].refusals.map(\.number) == [2])
    }

    @Test func senderOfAGroupIsReadOnce() async throws {
        let fixture = try NetworkFixture()
        try await fixture.addClient("edge-1", name: "Lund")
        let documents = fixture.documents(.statuses)
        var batch = BatchIngest(into: documents.collection, documentByteCountMax: 100) {
            try documents.draft(of: $0, remembering: &$1)
        }
        let lines = ["edge-1", "edge-2", "edge-1", "edge-2"].enumerated().map {
            Self.entry($0 + 1, #"{"status":"s","sender":{"client_id":"\#($1)"}}"#)
        }
        let outcomes = try await Self.run(&batch, lines)
        #expect(outcomes.map(\.acceptedCount) == [2])
        #expect(
            outcomes[0].refusals.map(\.reason)
                == Array(repeating: .invalid("the sender, client edge-2, is not known here"), count: 2)
        )
        try await fixture.close()
    }

    @Test func failedGroupNamesItsFirstDocument() async throws {
        let disk = FaultDisk()
        let fixture = try NetworkFixture(on: disk)
        disk.fail(.pwrite, at: "telemetry", with: ENOSPC, after: 1)
        var batch = Self.telemetry(fixture)
        await #expect(throws: StoreError.self) { _ = try await Self.run(&batch, (1...1_500).map { Self.entry($0) }) }
        #expect(batch.firstNumber == 1_001)
        #expect(fixture.store.collection("telemetry").documentCount == 1_000)
        disk.heal()
        #expect(try await batch.flush()?.acceptedCount == 500, "the group is still there")
        try await fixture.close()
    }
}
