{{/* What the servers are told: oidc.yaml, and their flags. */}}

{{- define "cnpg-mcp.publicUrl" -}}
{{- if .Values.publicUrl -}}
{{ .Values.publicUrl | trimSuffix "/" }}
{{- else if .Values.ingress.enabled -}}
https://{{ .Values.ingress.host }}
{{- else if .Values.httpRoute.enabled -}}
https://{{ first .Values.httpRoute.hostnames }}
{{- end }}
{{- end }}

{{/* The Service's names, as the cluster's own clients say them, and those of the values. */}}
{{- define "cnpg-mcp.allowedHosts" -}}
{{- $service := include "cnpg-mcp.service" . -}}
{{- $inNamespace := printf "%s.%s" $service .Release.Namespace -}}
{{- $hosts := list $service $inNamespace (printf "%s.svc" $inNamespace) (printf "%s.svc.%s" $inNamespace .Values.clusterDomain) -}}
{{- if .Values.httpRoute.enabled }}{{ $hosts = concat $hosts .Values.httpRoute.hostnames }}{{ end -}}
{{- if .Values.ingress.enabled }}{{ $hosts = append $hosts .Values.ingress.host }}{{ end -}}
{{ concat $hosts .Values.allowedHosts | uniq | toJson }}
{{- end }}

{{- define "cnpg-mcp.usesRedis" -}}
{{- if or .Values.sessionStore.redis.url .Values.sessionStore.redis.existingSecret.name }}true{{ end }}
{{- end }}

{{/* Releases with one Redis must not take each other's sessions. The server takes 64 bytes. */}}
{{- define "cnpg-mcp.redisPrefix" -}}
{{- $own := printf "%s:" (include "cnpg-mcp.role" .) -}}
{{- if gt (len $own) 64 }}{{ $own = printf "cnpg-mcp:%s:" ($own | sha256sum | trunc 32) }}{{ end -}}
{{ .Values.sessionStore.redis.prefix | default $own }}
{{- end }}

{{- define "cnpg-mcp.trustedProxies" -}}
{{- if ne .Values.trustedProxies nil -}}
{{ .Values.trustedProxies | int }}
{{- else -}}
{{ ternary 1 0 (or .Values.ingress.enabled .Values.httpRoute.enabled) }}
{{- end }}
{{- end }}

{{/* Nothing in it is secret: both containers see it. */}}
{{- define "cnpg-mcp.oidcYaml" -}}
issuer: {{ .Values.oidc.issuer | quote }}
audience: {{ .Values.oidc.audience | quote }}
client_id: {{ .Values.oidc.clientId | quote }}
client_secret_file: /etc/mcp/secrets/server-client-secret
signing_key_file: /etc/mcp/secrets/signing-key
public_url: {{ include "cnpg-mcp.publicUrl" . | quote }}
allowed_hosts: {{ include "cnpg-mcp.allowedHosts" . }}
{{- with .Values.allowedOrigins }}
allowed_origins: {{ toJson . }}
{{- end }}
{{- with .Values.oidc.jwksUri }}
jwks_uri: {{ . | quote }}
{{- end }}
{{- with .Values.oidc.scopes }}
scopes: {{ toJson . }}
{{- end }}
{{- if ne .Values.oidc.authorizeParams nil }}
authorize_params: {{ toJson .Values.oidc.authorizeParams }}
{{- end }}
{{- if ne .Values.oidc.tokenParams nil }}
token_params: {{ toJson .Values.oidc.tokenParams }}
{{- end }}
{{- with .Values.sessionStore.redis }}
{{- if .url }}
session_store: {{ .url | quote }}
session_store_prefix: {{ include "cnpg-mcp.redisPrefix" $ | quote }}
{{- with .caFile }}
session_store_ca_file: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- if .Values.requireScopes }}
require_scopes: true
effect_scopes: {{ toJson .Values.effectScopes }}
{{- end }}
trusted_proxies: {{ include "cnpg-mcp.trustedProxies" . }}
{{- $limits := dict }}
{{- range $name, $key := dict "registrations" "registrations" "registrationsOverall" "registrations_overall" "requests" "requests" }}
{{- with get $.Values.rateLimits $name }}{{ $_ := set $limits $key (int .) }}{{ end }}
{{- end }}
{{- with $limits }}
rate_limits: {{ toJson . }}
{{- end }}
{{- with .Values.impersonation }}
{{- if .enabled }}
impersonate: true
impersonation:
  user_claim: {{ .userClaim | quote }}
  {{- with .groupsClaim }}
  groups_claim: {{ . | quote }}
  {{- end }}
  prefix: {{ .prefix | default "-" | quote }}
{{- end }}
{{- end }}
{{- if or .Values.branding.name .Values.branding.logo }}
branding:
  {{- with .Values.branding.name }}
  name: {{ . | quote }}
  {{- end }}
  {{- with .Values.branding.logo }}
  logo: {{ . | quote }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Flags that both servers have. */}}
{{- define "cnpg-mcp.flags" -}}
- --host=0.0.0.0
- --toolsets={{ join "," .Values.toolsets }}
{{- if .Values.readOnly }}
- --read-only
{{- end }}
{{- if .Values.disableDestructive }}
- --disable-destructive
{{- end }}
{{- with .Values.postgresImageRegistry }}
- --image-registry={{ . }}
{{- end }}
- --log-format={{ .Values.logging.format }}
- --log-level={{ .Values.logging.level }}
{{- end }}

{{/* Which rights the release is meant to have, in the words of the values. */}}
{{- define "cnpg-mcp.releaseYaml" -}}
toolsets: {{ toJson .Values.toolsets }}
readOnly: {{ .Values.readOnly }}
disableDestructive: {{ .Values.disableDestructive }}
rbac: {{ pick .Values.rbac "targetNamespaces" "clusterWide" "clusterScoped" | toJson }}
impersonation: {{ pick .Values.impersonation "enabled" "groupsClaim" "users" "groups" | toJson }}
{{- end }}
