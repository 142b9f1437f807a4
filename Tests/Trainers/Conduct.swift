/// How a participant behaves when it receives a training task.
package enum Conduct: Sendable, Hashable {
    case diligent
    /// Its training code raises: the task ends `FAILED`.
    case failing
    /// Reports `COMPLETED` without an update, as a client without training code does.
    case silent
    /// Sends an update of another network.
    case misshapen
    /// Sends bytes that are no model.
    case garbled
    /// Does not report its number of training examples.
    case countless
    /// Names an upload that does not exist.
    case lost
    /// Takes the task and sends no further report.
    case vanishing
    /// Trains, and delays its update until ``Trainers/release()``.
    case slow
    /// Reports everything twice.
    case repeating
}
