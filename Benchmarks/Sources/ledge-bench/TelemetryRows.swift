internal import Catalog
internal import JSON

/// Telemetry as a network sends it: a thousand clients, eight keys, twenty sessions, four readings a second.
///
/// A row is a function of its number, so every run stores the same ones, and ten million of them need no memory.
enum TelemetryRows {
    static let clients = (0..<1_000).map { number in "client-\(String(1_000 + number).dropFirst())" }
    static let sessions = (10..<30).map { "session-\($0)" }
    static let keys = [
        "cpu_utilisation", "memory_utilisation", "gpu_utilisation", "network_tx", "network_rx", "disk_read",
        "disk_write", "temperature",
    ]

    /// 2026-01-01T00:00:00Z, the time of the first reading.
    private static let start: Int64 = 1_767_225_600_000_000

    /// Returns rows as the API passes them to the store: validated, with every field, without an id.
    static func rows(_ numbers: Range<Int>) throws -> [JSONObject] {
        try numbers.map { try Resource.telemetry.validate(sent($0)) }
    }

    /// A row as a client sends it.
    private static func sent(_ number: Int) -> JSONObject {
        var chance = SplitMix64(state: UInt64(number))
        let time = start + Int64(number) * 250_000 + Int64.random(in: 0..<250_000, using: &chance)
        return [
            "key": .string(keys[Int.random(in: keys.indices, using: &chance)]),
            "value": .init(floatLiteral: Double(Int.random(in: 0..<10_000, using: &chance)) / 100),
            "client_id": .string(clients[Int.random(in: clients.indices, using: &chance)]),
            "session_id": .string(sessions[Int.random(in: sessions.indices, using: &chance)]),
            "timestamp": .string(Timestamp(microseconds: time).description),
        ]
    }
}

/// A generator of repeatable pseudorandom numbers (Steele, Lea and Flood, OOPSLA 2014).
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
