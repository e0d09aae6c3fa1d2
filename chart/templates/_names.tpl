{{/* What things are called. The names of the usual release are fixed; `fullnameOverride` stands in for all of them. */}}

{{- define "cnpg-mcp.fullname" -}}
{{ .Values.fullnameOverride | default .Release.Name }}
{{- end }}

{{- define "cnpg-mcp.service" -}}
{{ .Values.fullnameOverride | default "cnpg-mcp" }}
{{- end }}

{{- define "cnpg-mcp.serviceAccount" -}}
{{ .Values.serviceAccount.name | default .Values.fullnameOverride | default "cnpg-mcp-server" }}
{{- end }}

{{- define "cnpg-mcp.configMap" -}}
{{ include "cnpg-mcp.fullname" . }}-oidc
{{- end }}

{{- define "cnpg-mcp.credentials" -}}
{{ .Values.oidc.existingSecret | default (printf "%s-auth0-credentials" .Release.Name) }}
{{- end }}

{{/* Name of roles and bindings. They may stand in another namespace, or in none, so it says whose they are. A
namespace and a release name have no colon in them, so two releases never meet. */}}
{{- define "cnpg-mcp.role" -}}
cnpg-mcp:{{ .Release.Namespace }}:{{ include "cnpg-mcp.fullname" . }}
{{- end }}

{{/* Labels that never change: a Deployment's selector cannot. */}}
{{- define "cnpg-mcp.selector" -}}
app.kubernetes.io/name: cnpg-mcp
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "cnpg-mcp.commonLabels" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "cnpg-mcp.labels" -}}
{{ include "cnpg-mcp.selector" . }}
{{ include "cnpg-mcp.commonLabels" . }}
{{- end }}
