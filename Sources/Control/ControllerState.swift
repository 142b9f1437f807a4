/// The state of the controller; its raw value is the answer of `get_controller_status`.
package enum ControllerState: String, Sendable, Hashable, CaseIterable {
    /// No session is running. Commands may run: they do not exclude each other.
    case idle
    /// A round is being prepared and its tasks assigned.
    case instructing
    /// A round's tasks are running, or their results are being averaged.
    case monitoring

    /// An event that changes the state.
    package enum Event: Sendable, Hashable, CaseIterable {
        /// A session, or its next round, begins or is resumed.
        case instruct
        /// The tasks of the round were assigned.
        case monitor
        /// The session is over.
        case rest
    }

    /// Returns the state after an event; nil if the event is impossible in this state: only `instructing` leads to
    /// `monitoring`.
    package func after(_ event: Event) -> ControllerState? {
        switch (self, event) {
        case (_, .instruct): .instructing
        case (.instructing, .monitor), (.monitoring, .monitor): .monitoring
        case (.idle, .monitor): nil
        case (_, .rest): .idle
        }
    }
}
