/// Where notifications go. Contract beampipe §4.4, pipelogiq §6.10.
package enum ChannelKind: String, CaseIterable, Sendable {
    case webhook
    case email
    case slack
    case teams
    case discord
    case telegram
    case whatsapp
    case pagerduty
    case opsgenie
    case alertmanager
    case exec
}
