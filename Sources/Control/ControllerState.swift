/// What the controller is busy with; its raw value is what `get_controller_status` answers.
package enum ControllerState: String, Sendable, Hashable, CaseIterable {
    /// No session runs. Commands may all the same: they do not wait for one another.
    case idle
    /// A round is being prepared and its tasks handed out.
    case instructing
    /// A round's tasks are out, or their results are being averaged.
    case monitoring

    /// What changes it.
    package enum Event: Sendable, Hashable, CaseIterable {
        /// A session has begun or is resumed, or its next round is.
        case instruct
        /// The tasks of the round are handed out.
        case monitor
        /// The session is over.
        case rest
    }

    /// The state after an event; nil for one that cannot be: only what is being instructed can be monitored.
    package func after(_ event: Event) -> ControllerState? {
        switch (self, event) {
        case (_, .instruct): .instructing
        case (.instructing, .monitor), (.monitoring, .monitor): .monitoring
        case (.idle, .monitor): nil
        case (_, .rest): .idle
        }
    }
}
