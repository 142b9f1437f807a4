import Control
import Testing

struct ControllerStateTests {
    /// All states and all events.
    @Test func everyEventLeadsToItsState() {
        let expected: [ControllerState: [ControllerState.Event: ControllerState]] = [
            .idle: [.instruct: .instructing, .rest: .idle],
            .instructing: [.instruct: .instructing, .monitor: .monitoring, .rest: .idle],
            .monitoring: [.instruct: .instructing, .monitor: .monitoring, .rest: .idle],
        ]
        for state in ControllerState.allCases {
            for event in ControllerState.Event.allCases {
                #expect(state.after(event) == expected[state]?[event], "\(event) while \(state)")
            }
        }
    }

    @Test func stateNamesMatchTheWire() {
        #expect(ControllerState.allCases.map(\.rawValue) == ["idle", "instructing", "monitoring"])
    }
}
